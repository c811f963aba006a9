// Single images as people have them: decoding JPEG, PNG, WebP, GIF, BMP, PGM and PPM, told by content.
// Leaves out colour management (gamma, profiles).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace halfwave {

struct PictureSize {
  std::int64_t height = 0;
  std::int64_t width = 0;
  bool operator==(const PictureSize&) const = default;
};

// height x width x channels values from 0 (black) to 255, channels innermost: grey (1) or red, green, blue
// (3).
struct Image {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;
  std::vector<std::uint8_t> pixels;
  // Of the picture in the file where the decoder made it smaller, to a half, a quarter or an eighth, rounded
  // up: the last row and column are then parts of pixels. Else 0 x 0.
  PictureSize own{};
};

// An image with more pixels is refused before memory is taken for it.
inline constexpr std::uint64_t pixel_limit = 100'000'000;

// A rectangle of a picture, in shares of its sides: all of it, or 0 <= top < top + height <= 1 and so on.
struct PicturePart {
  double top = 0;
  double left = 0;
  double height = 1;
  double width = 1;
};

// Decodes a whole file; name stands for it in messages. Grey files give 1 channel, all others 3. What is
// transparent is laid over white, and where Exif data say how the camera was held the picture is turned
// upright.
//
// JPEG: what libjpeg-turbo reads, baseline and progressive; CMYK and YCCK are taken as Adobe writes them
//   (255 is no ink) and become red = cyan * black / 255, and so on. Where a target is given, a half, a
//   quarter or an eighth of each side is decoded if twice the target is left.
// PNG: every kind; of 16 bits the upper 8 are kept.
// WebP: no animations. GIF: the first picture. BMP: uncompressed. PGM and PPM: as text or as bytes.
//
// Error when it is none of them, cut, damaged (even where a picture could be made of it), or over the limit.
Image decode_image(std::string_view bytes, const std::string& name, const PictureSize& target = {});

// Whether a file begins as a picture of a kind that decode_image() takes.
bool is_picture(std::string_view first_bytes);
bool is_picture_file(const std::filesystem::path& path);  // false also where it cannot be read

// Reads and decodes a file. Error as above, or when it cannot be read.
Image read_image(const std::filesystem::path& path, const PictureSize& target = {});

// A file that is larger is no honest picture.
inline constexpr std::uint64_t picture_file_limit = std::uint64_t{1} << 30;

// Bytes to values from 0 to 1, and back (rounded, and cut off outside of that).
void to_values(const std::uint8_t* bytes, std::size_t count, float* values);
void to_bytes(const float* values, std::size_t count, std::uint8_t* bytes);

// For the decoders: Error when there are more pixels than the limit.
void check_pixels(std::uint64_t height, std::uint64_t width, const std::string& name);

// For the decoders: makes image.channels channels of red, green, blue and alpha, in place.
void lay_over_white(Image& image);

}  // namespace halfwave
