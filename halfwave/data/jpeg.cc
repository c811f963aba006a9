#include "halfwave/data/jpeg.h"

#include <turbojpeg.h>

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "halfwave/base/error.h"
#include "halfwave/data/exif.h"

namespace halfwave {
namespace {

struct FreeJpegDecoder {
  void operator()(void* handle) const { tjDestroy(handle); }
};

void check(int result, void* handle, const std::string& name) {
  if (result != 0) fail("{}: the JPEG image is cut, damaged or unusual ({})", name, tjGetErrorStr2(handle));
}

// Makes red, green and blue of cyan, magenta, yellow and black, in place; 255 is no ink.
void mix_inks(std::vector<std::uint8_t>& pixels) {
  const std::size_t count = pixels.size() / 4;
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned black = pixels[4 * i + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      pixels[3 * i + c] = static_cast<std::uint8_t>((pixels[4 * i + c] * black + 127) / 255);
    }
  }
  pixels.resize(3 * count);
}

// By how much each side may be made smaller in the decoder, so that twice the target is left for the filter
// that does the rest. Halves, quarters and eighths are what libjpeg-turbo has fast code for.
// A picture that is turned keeps whole pixels, so that parts of them lie at no side but the last.
int smaller_by(const PictureSize& own, const PictureSize& target, bool turned) {
  if (target.height == 0 || target.width == 0) return 1;
  const auto good = [&](int denominator) {
    const bool whole = own.height % denominator == 0 && own.width % denominator == 0;
    return own.height / denominator >= 2 * target.height && own.width / denominator >= 2 * target.width &&
           (whole || !turned);
  };
  int denominator = 8;
  while (denominator > 1 && !good(denominator)) denominator /= 2;
  return denominator;
}

}  // namespace

bool is_jpeg(std::string_view bytes) { return bytes.starts_with("\xff\xd8\xff"); }

Image decode_jpeg(std::string_view bytes, const std::string& name, const PictureSize& target) {
  // Not kept for the next file: that would inherit the tables of this one where its own are missing.
  const std::unique_ptr<void, FreeJpegDecoder> handle(tjInitDecompress());
  if (!handle) throw std::bad_alloc();
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  int width = 0;
  int height = 0;
  int sampling = 0;
  int colours = 0;
  check(tjDecompressHeader3(handle.get(), data, bytes.size(), &width, &height, &sampling, &colours),
        handle.get(), name);
  check_pixels(static_cast<std::uint64_t>(height), static_cast<std::uint64_t>(width), name);

  const int orientation = exif_orientation(exif_of_jpeg(bytes));
  const PictureSize own = orientation >= 5 ? PictureSize{width, height} : PictureSize{height, width};
  const int denominator = smaller_by(own, target, orientation != 1);
  height = (height + denominator - 1) / denominator;
  width = (width + denominator - 1) / denominator;
  const bool inks = colours == TJCS_CMYK || colours == TJCS_YCCK;
  const bool grey = colours == TJCS_GRAY;
  const int format = inks ? TJPF_CMYK : grey ? TJPF_GRAY : TJPF_RGB;
  Image image{.height = height, .width = width, .channels = grey ? 1 : 3, .pixels = {}};
  image.pixels.resize(static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
                      static_cast<std::size_t>(tjPixelSize[format]));
  // A file of endless scans would take endless time.
  check(tjDecompress2(handle.get(), data, bytes.size(), image.pixels.data(), width, 0, height, format,
                      TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS),
        handle.get(), name);
  if (inks) mix_inks(image.pixels);
  image = upright(std::move(image), orientation);
  if (denominator > 1) image.own = own;
  return image;
}

}  // namespace halfwave
