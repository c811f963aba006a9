#include "halfwave/data/gif.h"

#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "halfwave/base/error.h"

namespace halfwave {
namespace {

struct Close {
  void operator()(GifFileType* file) const { DGifCloseFile(file, nullptr); }
};

int read_from(GifFileType* file, GifByteType* to, int count) {
  auto& left = *static_cast<std::string_view*>(file->UserData);
  const std::size_t part = std::min(left.size(), static_cast<std::size_t>(count));
  std::copy_n(left.data(), part, to);
  left.remove_prefix(part);
  return static_cast<int>(part);
}

[[noreturn]] void refuse(const std::string& name, int code) {
  const char* reason = GifErrorString(code);
  fail("{}: the GIF image is cut or damaged ({})", name, reason != nullptr ? reason : "no reason given");
}

void check(int result, const GifFileType& file, const std::string& name) {
  if (result != GIF_OK) refuse(name, file.Error);
}

// Goes to the first picture; returns the colour that is transparent there, or NO_TRANSPARENT_COLOR.
int find_picture(GifFileType& file, const std::string& name) {
  int transparent = NO_TRANSPARENT_COLOR;
  for (;;) {
    GifRecordType type = UNDEFINED_RECORD_TYPE;
    check(DGifGetRecordType(&file, &type), file, name);
    if (type == IMAGE_DESC_RECORD_TYPE) break;
    if (type == TERMINATE_RECORD_TYPE) fail("{}: the GIF file holds no picture", name);
    int code = 0;
    GifByteType* block = nullptr;
    check(DGifGetExtension(&file, &code, &block), file, name);
    GraphicsControlBlock control{};
    if (code == GRAPHICS_EXT_FUNC_CODE && block != nullptr &&
        DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
      transparent = control.TransparentColor;
    while (block != nullptr) check(DGifGetExtensionNext(&file, &block), file, name);
  }
  check(DGifGetImageDesc(&file), file, name);
  return transparent;
}

// The rows of a picture in the order in which they are stored (GIF89a specification, appendix E).
std::vector<int> row_order(int height, bool interlaced) {
  std::vector<int> rows;
  if (!interlaced) {
    for (int y = 0; y < height; ++y) rows.push_back(y);
    return rows;
  }
  constexpr std::array<std::array<int, 2>, 4> passes{{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
  for (const auto& [first, step] : passes)
    for (int y = first; y < height; y += step) rows.push_back(y);
  return rows;
}

}  // namespace

bool is_gif(std::string_view bytes) { return bytes.starts_with("GIF87a") || bytes.starts_with("GIF89a"); }

Image decode_gif(std::string_view bytes, const std::string& name) {
  int error = 0;
  const std::unique_ptr<GifFileType, Close> file(DGifOpen(&bytes, &read_from, &error));
  if (!file) refuse(name, error);
  check_pixels(static_cast<std::uint64_t>(std::max(file->SHeight, 0)),
               static_cast<std::uint64_t>(std::max(file->SWidth, 0)), name);
  const int transparent = find_picture(*file, name);
  const GifImageDesc& picture = file->Image;
  const ColorMapObject* colours = picture.ColorMap != nullptr ? picture.ColorMap : file->SColorMap;
  if (colours == nullptr) fail("{}: the GIF image is damaged (it has no colours)", name);
  if (picture.Width <= 0 || picture.Height <= 0 || picture.Left < 0 || picture.Top < 0 ||
      picture.Left + picture.Width > file->SWidth || picture.Top + picture.Height > file->SHeight)
    fail("{}: the GIF image is damaged (its picture lies outside of it)", name);

  // What the first picture leaves free is as transparent, so white.
  Image image{.height = file->SHeight, .width = file->SWidth, .channels = 3, .pixels = {}};
  image.pixels.assign(static_cast<std::size_t>(image.height * image.width * 3), 255);
  std::vector<GifPixelType> row(static_cast<std::size_t>(picture.Width));
  for (const int y : row_order(picture.Height, picture.Interlace)) {
    check(DGifGetLine(file.get(), row.data(), picture.Width), *file, name);
    std::uint8_t* to =
        &image.pixels[static_cast<std::size_t>((picture.Top + y) * image.width + picture.Left) * 3];
    for (const GifPixelType pixel : row) {
      if (pixel >= colours->ColorCount)
        fail("{}: the GIF image is damaged (a colour it does not have)", name);
      const GifColorType& colour = colours->Colors[pixel];
      if (pixel != transparent) {
        to[0] = colour.Red;
        to[1] = colour.Green;
        to[2] = colour.Blue;
      }
      to += 3;
    }
  }
  return image;
}

}  // namespace halfwave
