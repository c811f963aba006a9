#include "halfwave/data/exif.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace halfwave {
namespace {

// Numbers of 2 or 4 bytes at places that may lie outside.
class Reader {
 public:
  Reader(std::string_view bytes, bool little) : bytes_(bytes), little_(little) {}

  std::optional<std::uint32_t> number(std::uint64_t at, std::size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) return {};
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t place = little_ ? size - 1 - i : i;
      value = value << 8 | static_cast<std::uint8_t>(bytes_[at + place]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool little_;
};

constexpr std::uint32_t orientation_tag = 0x0112;

}  // namespace

int exif_orientation(std::string_view exif) {
  const bool little = exif.starts_with("II");
  if (!little && !exif.starts_with("MM")) return 1;
  const Reader reader(exif, little);
  const auto directory = reader.number(4, 4);
  const auto count = directory ? reader.number(*directory, 2) : std::nullopt;
  for (std::uint32_t i = 0; i < count.value_or(0); ++i) {
    const std::uint64_t entry = std::uint64_t{*directory} + 2 + 12 * std::uint64_t{i};
    const auto tag = reader.number(entry, 2);
    if (!tag) return 1;
    if (*tag != orientation_tag) continue;
    const std::uint32_t value = reader.number(entry + 8, 2).value_or(1);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

std::string_view exif_of_jpeg(std::string_view bytes) {
  constexpr std::string_view name("Exif\0\0", 6);
  const Reader reader(bytes, false);
  for (std::uint64_t at = 2;;) {  // behind the first marker
    const auto marker = reader.number(at, 2);
    const auto length = reader.number(at + 2, 2);
    // Up to the start of the picture itself; each part says its length, the two bytes of it included.
    if (!marker || !length || *marker >> 8 != 0xFF || *marker == 0xFFDA || *length < 2) return {};
    const std::string_view part = bytes.substr(at + 4, *length - 2);
    if (*marker == 0xFFE1 && part.starts_with(name)) return part.substr(name.size());
    at += 2 + std::uint64_t{*length};
  }
}

std::string_view exif_of_webp(std::string_view bytes) {
  const Reader reader(bytes, true);
  for (std::uint64_t at = 12; at < bytes.size();) {  // behind "RIFF", length, "WEBP"
    const auto length = reader.number(at + 4, 4);
    if (!length) return {};
    if (bytes.substr(at, 4) == "EXIF") {
      const std::string_view part = bytes.substr(at + 8, *length);
      return part.starts_with("Exif") ? part.substr(std::min(part.size(), std::size_t{6})) : part;
    }
    at += 8 + std::uint64_t{*length} + *length % 2;
  }
  return {};
}

Image upright(Image image, int orientation) {
  if (orientation == 1) return image;
  const bool turned = orientation >= 5;
  const std::int64_t height = turned ? image.width : image.height;
  const std::int64_t width = turned ? image.height : image.width;
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const auto channels = static_cast<std::size_t>(image.channels);
  Image result{.height = height, .width = width, .channels = image.channels, .pixels = {}};
  result.pixels.resize(image.pixels.size());
  std::uint8_t* to = result.pixels.data();
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      std::int64_t row = turned ? x : y;
      std::int64_t column = turned ? y : x;
      if (from_bottom) row = image.height - 1 - row;
      if (from_right) column = image.width - 1 - column;
      const auto from = static_cast<std::size_t>(row * image.width + column) * channels;
      to = std::copy_n(image.pixels.data() + from, channels, to);
    }
  }
  return result;
}

}  // namespace halfwave
