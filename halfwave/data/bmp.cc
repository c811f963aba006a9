#include "halfwave/data/bmp.h"

#include <cstdint>
#include <limits>
#include <memory>

#include "halfwave/base/error.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace halfwave {
namespace {

struct FreeBmpPixels {
  void operator()(stbi_uc* pixels) const { stbi_image_free(pixels); }
};

std::uint32_t little_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value |= std::uint32_t{static_cast<std::uint8_t>(bytes[at + i])} << 8 * i;
  return value;
}

// stb_image takes what is missing at the end of a BMP file as black. The header is that of Microsoft's
// BITMAPFILEHEADER and BITMAPINFOHEADER (or OS/2's BITMAPCOREHEADER, of 12 bytes).
void check_length(std::string_view bytes, std::uint64_t height, std::uint64_t width,
                  const std::string& name) {
  const bool core = little_endian(bytes, 14, 4) == 12;
  const std::uint64_t bits = little_endian(bytes, core ? 24 : 28, 2);
  const std::uint64_t needed = little_endian(bytes, 10, 4) + (width * bits + 31) / 32 * 4 * height;
  if (needed > bytes.size()) {
    fail("{}: the BMP image is cut: expected {} bytes for {} x {} pixels, got {}", name, needed, height,
         width, bytes.size());
  }
}

}  // namespace

bool is_bmp(std::string_view bytes) {
  // "BM" alone begins many a text; the four bytes at 6 are reserved and 0.
  return bytes.size() >= 30 && bytes.starts_with("BM") &&
         bytes.substr(6, 4) == std::string_view("\0\0\0\0", 4);
}

Image decode_bmp(std::string_view bytes, const std::string& name) {
  if (bytes.size() > std::numeric_limits<int>::max()) fail("{}: the BMP file is too large", name);
  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  const int size = static_cast<int>(bytes.size());
  int width = 0;
  int height = 0;
  int channels = 0;
  const auto refuse = [&] {
    fail("{}: the BMP image is cut, damaged or unusual ({})", name, stbi_failure_reason());
  };
  if (stbi_info_from_memory(data, size, &width, &height, &channels) == 0) refuse();
  if (width <= 0 || height <= 0) fail("{}: the BMP image is damaged (it has no pixels)", name);
  check_pixels(static_cast<std::uint64_t>(height), static_cast<std::uint64_t>(width), name);
  check_length(bytes, static_cast<std::uint64_t>(height), static_cast<std::uint64_t>(width), name);

  const bool clear = channels == 4;
  const std::unique_ptr<stbi_uc, FreeBmpPixels> pixels(
      stbi_load_from_memory(data, size, &width, &height, &channels, clear ? 4 : 3));
  if (!pixels) refuse();
  Image image{.height = height, .width = width, .channels = 3, .pixels = {}};
  const auto count = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  image.pixels.assign(pixels.get(), pixels.get() + count * (clear ? 4 : 3));
  if (clear) lay_over_white(image);
  return image;
}

}  // namespace halfwave
