#include "halfwave/data/png.h"

#include <spng.h>

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "halfwave/base/error.h"
#include "halfwave/data/deflate.h"
#include "halfwave/data/exif.h"

namespace halfwave {
namespace {

// What texts and colour profiles in a file may take in memory, unpacked.
constexpr std::size_t chunk_limit = std::size_t{64} << 20;

struct FreePngContext {
  void operator()(spng_ctx* context) const { spng_ctx_free(context); }
};

void check(int result, const std::string& name) {
  if (result == SPNG_EMEM) throw std::bad_alloc();
  if (result != SPNG_OK) fail("{}: the PNG image is cut or damaged ({})", name, spng_strerror(result));
}

bool is_grey(const spng_ihdr& header) {
  return header.color_type == SPNG_COLOR_TYPE_GRAYSCALE ||
         header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA;
}

std::uint64_t bits_per_pixel(const spng_ihdr& header) {
  switch (header.color_type) {
    case SPNG_COLOR_TYPE_TRUECOLOR:
      return 3U * header.bit_depth;
    case SPNG_COLOR_TYPE_GRAYSCALE_ALPHA:
      return 2U * header.bit_depth;
    case SPNG_COLOR_TYPE_TRUECOLOR_ALPHA:
      return 4U * header.bit_depth;
    default:
      return header.bit_depth;
  }
}

// A header may claim more pixels than so short a file can hold; then no memory is taken for them.
void check_size(const spng_ihdr& header, std::size_t bytes, const std::string& name) {
  check_pixels(header.height, header.width, name);
  if (header.height * (header.width * bits_per_pixel(header) / 8) > deflate_ratio * bytes) {
    fail("{}: the PNG image is cut or damaged ({} x {} pixels cannot be in {} bytes)", name, header.height,
         header.width, bytes);
  }
}

}  // namespace

bool is_png(std::string_view bytes) { return bytes.starts_with("\x89PNG\r\n\x1a\n"); }

Image decode_png(std::string_view bytes, const std::string& name) {
  const std::unique_ptr<spng_ctx, FreePngContext> context(spng_ctx_new(0));
  if (!context) throw std::bad_alloc();
  check(spng_set_chunk_limits(context.get(), chunk_limit, chunk_limit), name);
  check(spng_set_png_buffer(context.get(), bytes.data(), bytes.size()), name);
  spng_ihdr header{};
  check(spng_get_ihdr(context.get(), &header), name);
  check_size(header, bytes.size(), name);

  // Red, green, blue and alpha is the one form into which libspng turns every kind.
  std::size_t size = 0;
  check(spng_decoded_image_size(context.get(), SPNG_FMT_RGBA8, &size), name);
  Image image{
      .height = header.height, .width = header.width, .channels = is_grey(header) ? 1 : 3, .pixels = {}};
  image.pixels.resize(size);
  check(spng_decode_image(context.get(), image.pixels.data(), size, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS), name);
  check(spng_decode_chunks(context.get()), name);  // the rest, to notice a cut
  lay_over_white(image);
  spng_exif exif{};
  if (spng_get_exif(context.get(), &exif) != SPNG_OK) return image;
  return upright(std::move(image), exif_orientation({exif.data, exif.length}));
}

std::string encode_png(const Image& image) {
  const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> context(spng_ctx_new(SPNG_CTX_ENCODER),
                                                                    &spng_ctx_free);
  if (!context) throw std::bad_alloc();
  spng_ihdr header{};
  header.width = static_cast<std::uint32_t>(image.width);
  header.height = static_cast<std::uint32_t>(image.height);
  header.bit_depth = 8;
  header.color_type = image.channels == 1 ? SPNG_COLOR_TYPE_GRAYSCALE : SPNG_COLOR_TYPE_TRUECOLOR;
  spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1);
  int status = spng_set_ihdr(context.get(), &header);
  if (status == 0) {
    status = spng_encode_image(context.get(), image.pixels.data(), image.pixels.size(), SPNG_FMT_PNG,
                               SPNG_ENCODE_FINALIZE);
  }
  std::size_t size = 0;
  const std::unique_ptr<void, decltype(&std::free)> bytes(
      status == 0 ? spng_get_png_buffer(context.get(), &size, &status) : nullptr, &std::free);
  if (!bytes) fail("cannot make a PNG file: {}", spng_strerror(status));
  return {static_cast<const char*>(bytes.get()), size};
}

}  // namespace halfwave
