#include "halfwave/data/image.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "halfwave/base/error.h"
#include "halfwave/base/file.h"
#include "halfwave/data/jpeg.h"
#include "halfwave/data/png.h"

namespace halfwave {
namespace {

// A file of an image under the pixel limit that is larger than this is no honest one.
constexpr std::uint64_t file_limit = std::uint64_t{1} << 30;

struct Format {
  std::string_view name;
  std::string_view start;
};

// Formats that people often take for these; the first bytes are from each format's specification.
constexpr std::array<Format, 6> foreign{{{"a GIF image", "GIF8"},
                                         {"a BMP image", "BM"},
                                         {"a WebP or other RIFF file", "RIFF"},
                                         {"a TIFF image", std::string_view("II*\0", 4)},
                                         {"a TIFF image", std::string_view("MM\0*", 4)},
                                         {"a gzip file", "\x1f\x8b"}}};

std::string describe(std::string_view bytes) {
  for (const Format& format : foreign) {
    if (bytes.starts_with(format.start)) return std::string(format.name);
  }
  std::vector<std::uint8_t> start;
  for (const char c : bytes.substr(0, 8)) start.push_back(static_cast<std::uint8_t>(c));
  return fmt::format("a file that begins with {:02x}", fmt::join(start, " "));
}

}  // namespace

Image decode_image(std::string_view bytes, const std::string& name) {
  if (bytes.empty()) fail("{}: expected a PNG or JPEG image, got an empty file", name);
  if (is_png(bytes)) return decode_png(bytes, name);
  if (is_jpeg(bytes)) return decode_jpeg(bytes, name);
  fail("{}: expected a PNG or JPEG image, got {}; convert it", name, describe(bytes));
}

Image read_image(const std::filesystem::path& path) {
  return decode_image(read_file(path, file_limit), path.string());
}

void to_values(const std::uint8_t* bytes, std::size_t count, float* values) {
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(bytes[i]) / 255;
}

void to_bytes(const float* values, std::size_t count, std::uint8_t* bytes) {
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::uint8_t>(std::clamp(values[i], 0.0F, 1.0F) * 255 + 0.5F);
}

void check_pixels(std::uint64_t height, std::uint64_t width, const std::string& name) {
  if (height * width > pixel_limit) {
    fail("{}: expected at most {} megapixels, got {} x {} ({} megapixels); make it smaller", name,
         pixel_limit / 1'000'000, height, width, height * width / 1'000'000);
  }
}

}  // namespace halfwave
