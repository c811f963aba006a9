#include "halfwave/data/image.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "halfwave/base/error.h"
#include "halfwave/base/file.h"
#include "halfwave/data/bmp.h"
#include "halfwave/data/gif.h"
#include "halfwave/data/jpeg.h"
#include "halfwave/data/png.h"
#include "halfwave/data/pnm.h"
#include "halfwave/data/webp.h"

namespace halfwave {
namespace {

struct Format {
  std::string_view name;
  std::string_view start;
};

// Formats that people often take for these; the first bytes are from each format's specification.
constexpr std::array<Format, 8> foreign{{{"a TIFF image", std::string_view("II*\0", 4)},
                                         {"a TIFF image", std::string_view("MM\0*", 4)},
                                         {"an SVG drawing", "<svg"},
                                         {"an XML file", "<?xml"},
                                         {"a web page", "<!DOCTYPE"},
                                         {"a PDF file", "%PDF"},
                                         {"a ZIP file", "PK\x03\x04"},
                                         {"a gzip file", "\x1f\x8b"}}};

std::string describe(std::string_view bytes) {
  for (const Format& format : foreign) {
    if (bytes.starts_with(format.start)) return std::string(format.name);
  }
  std::vector<std::uint8_t> start;
  for (const char c : bytes.substr(0, 8)) start.push_back(static_cast<std::uint8_t>(c));
  return fmt::format("a file that begins with {:02x}", fmt::join(start, " "));
}

Image decode_whole(std::string_view bytes, const std::string& name) {
  if (is_png(bytes)) return decode_png(bytes, name);
  if (is_webp(bytes)) return decode_webp(bytes, name);
  if (is_gif(bytes)) return decode_gif(bytes, name);
  if (is_bmp(bytes)) return decode_bmp(bytes, name);
  if (is_pnm(bytes)) return decode_pnm(bytes, name);
  if (bytes.empty()) fail("{}: expected a picture, got an empty file", name);
  fail("{}: expected a picture (JPEG, PNG, WebP, GIF, BMP, PGM or PPM), got {}; convert it", name,
       describe(bytes));
}

}  // namespace

Image decode_image(std::string_view bytes, const std::string& name, const PictureSize& target) {
  return is_jpeg(bytes) ? decode_jpeg(bytes, name, target) : decode_whole(bytes, name);
}

bool is_picture(std::string_view first_bytes) {
  return is_jpeg(first_bytes) || is_png(first_bytes) || is_webp(first_bytes) || is_gif(first_bytes) ||
         is_bmp(first_bytes) || is_pnm(first_bytes);
}

bool is_picture_file(const std::filesystem::path& path) {
  std::array<char, 32> start{};
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), start.size());
  return is_picture({start.data(), static_cast<std::size_t>(file.gcount())});
}

Image read_image(const std::filesystem::path& path, const PictureSize& target) {
  return decode_image(read_file(path, picture_file_limit), path.string(), target);
}

void lay_over_white(Image& image) {
  std::vector<std::uint8_t>& pixels = image.pixels;
  const std::size_t count = pixels.size() / 4;
  const auto channels = static_cast<std::size_t>(image.channels);
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned alpha = pixels[4 * i + 3];
    for (std::size_t c = 0; c < channels; ++c) {
      const unsigned value = pixels[4 * i + c];
      pixels[channels * i + c] = static_cast<std::uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
  pixels.resize(channels * count);
}

void to_values(const std::uint8_t* bytes, std::size_t count, float* values) {
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(bytes[i]) / 255;
}

void to_bytes(const float* values, std::size_t count, std::uint8_t* bytes) {
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::uint8_t>(std::lround(std::clamp(values[i], 0.0F, 1.0F) * 255));
}

void check_pixels(std::uint64_t height, std::uint64_t width, const std::string& name) {
  if (height * width > pixel_limit) {
    fail("{}: expected at most {} megapixels, got {} x {} ({} megapixels); make it smaller", name,
         pixel_limit / 1'000'000, height, width, height * width / 1'000'000);
  }
}

}  // namespace halfwave
