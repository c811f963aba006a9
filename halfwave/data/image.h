// Single images as people have them: decoding PNG and JPEG, told by content.
// Leaves out colour management (gamma, profiles), the camera's orientation mark, and all other formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace halfwave {

// height x width x channels values from 0 (black) to 255, channels innermost: grey (1) or red, green, blue
// (3).
struct Image {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;
  std::vector<std::uint8_t> pixels;
};

// An image with more pixels is refused before memory is taken for it.
inline constexpr std::uint64_t pixel_limit = 100'000'000;

// Decodes a whole PNG or JPEG file; name stands for it in messages. Grey files give 1 channel, all others 3.
// PNG: every kind; of 16 bits the upper 8 are kept; what is transparent is laid over white.
// JPEG: what libjpeg-turbo reads, baseline and progressive; CMYK and YCCK are taken as Adobe writes them
// (255 is no ink) and become red = cyan * black / 255, and so on.
// Error when it is neither, cut, damaged (even where a picture could be made of it), or over the limit.
Image decode_image(std::string_view bytes, const std::string& name);

// Reads and decodes a file. Error as above, or when it cannot be read.
Image read_image(const std::filesystem::path& path);

// Bytes to values from 0 to 1, and back (rounded, and cut off outside of that).
void to_values(const std::uint8_t* bytes, std::size_t count, float* values);
void to_bytes(const float* values, std::size_t count, std::uint8_t* bytes);

// For the decoders: Error when there are more pixels than the limit.
void check_pixels(std::uint64_t height, std::uint64_t width, const std::string& name);

}  // namespace halfwave
