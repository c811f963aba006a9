#include "halfwave/data/webp.h"

#include <webp/decode.h>

#include <cstdint>

#include "halfwave/base/error.h"
#include "halfwave/data/exif.h"

namespace halfwave {

bool is_webp(std::string_view bytes) {
  return bytes.starts_with("RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP";
}

Image decode_webp(std::string_view bytes, const std::string& name) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  WebPBitstreamFeatures features{};
  if (WebPGetFeatures(data, bytes.size(), &features) != VP8_STATUS_OK)
    fail("{}: the WebP image is cut or damaged", name);
  if (features.has_animation != 0)
    fail("{}: expected a picture, got an animation; store its first frame", name);
  check_pixels(static_cast<std::uint64_t>(features.height), static_cast<std::uint64_t>(features.width), name);
  const bool clear = features.has_alpha != 0;
  Image image{.height = features.height, .width = features.width, .channels = 3, .pixels = {}};
  image.pixels.resize(static_cast<std::size_t>(image.height * image.width) * (clear ? 4 : 3));
  const int stride = features.width * (clear ? 4 : 3);
  const auto decode = clear ? &WebPDecodeRGBAInto : &WebPDecodeRGBInto;
  if (decode(data, bytes.size(), image.pixels.data(), image.pixels.size(), stride) == nullptr)
    fail("{}: the WebP image is cut or damaged", name);
  if (clear) lay_over_white(image);
  return upright(std::move(image), exif_orientation(exif_of_webp(bytes)));
}

}  // namespace halfwave
