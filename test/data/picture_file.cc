#include "picture_file.h"

#include <gif_lib.h>
#include <gtest/gtest.h>
#include <turbojpeg.h>
#include <webp/encode.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "halfwave/data/png.h"

namespace halfwave {
namespace {

std::string little_endian(std::uint32_t value, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(value >> 8 * i & 0xFF);
  return text;
}

int append(GifFileType* file, const GifByteType* bytes, int count) {
  static_cast<std::string*>(file->UserData)
      ->append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
  return count;
}

}  // namespace

Image distinct_picture(std::int64_t height, std::int64_t width, std::int64_t channels) {
  Image image{.height = height, .width = width, .channels = channels, .pixels = {}};
  for (std::int64_t i = 0; i < height * width; ++i) {
    for (std::int64_t c = 0; c < channels; ++c)
      image.pixels.push_back(static_cast<std::uint8_t>((i * 255 / (height * width) + 85 * c) % 256));
  }
  return image;
}

std::string jpeg_file(const Image& image, int quality) {
  const tjhandle handle = tjInitCompress();
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  const bool grey = image.channels == 1;
  EXPECT_EQ(tjCompress2(handle, image.pixels.data(), static_cast<int>(image.width), 0,
                        static_cast<int>(image.height), grey ? TJPF_GRAY : TJPF_RGB, &bytes, &size,
                        grey ? TJSAMP_GRAY : TJSAMP_444, quality, 0),
            0);
  const std::string file(reinterpret_cast<const char*>(bytes), size);
  tjFree(bytes);
  tjDestroy(handle);
  return file;
}

std::string webp_file(const Image& image) {
  std::uint8_t* bytes = nullptr;
  const std::size_t size =
      WebPEncodeLosslessRGB(image.pixels.data(), static_cast<int>(image.width),
                            static_cast<int>(image.height), static_cast<int>(image.width) * 3, &bytes);
  EXPECT_GT(size, 0U);
  const std::string file(reinterpret_cast<const char*>(bytes), size);
  WebPFree(bytes);
  return file;
}

std::string gif_file(const Image& image, bool interlaced, int transparent) {
  std::string bytes;
  int error = 0;
  GifFileType* file = EGifOpen(&bytes, &append, &error);
  std::array<GifColorType, 256> colours;
  for (std::size_t i = 0; i < colours.size(); ++i) {
    const auto level = static_cast<GifByteType>(i);
    colours.at(i) = {level, level, level};
  }
  ColorMapObject* map = GifMakeMapObject(256, colours.data());
  const int width = static_cast<int>(image.width);
  const int height = static_cast<int>(image.height);
  EGifSetGifVersion(file, true);
  EXPECT_EQ(EGifPutScreenDesc(file, width, height, 8, 0, map), GIF_OK);
  if (transparent >= 0) {
    const std::array<GifByteType, 4> control{1, 0, 0, static_cast<GifByteType>(transparent)};
    EXPECT_EQ(EGifPutExtension(file, GRAPHICS_EXT_FUNC_CODE, 4, control.data()), GIF_OK);
  }
  EXPECT_EQ(EGifPutImageDesc(file, 0, 0, width, height, interlaced, nullptr), GIF_OK);
  const auto put_rows = [&](int first, int step) {
    for (int y = first; y < height; y += step) {
      std::vector<GifPixelType> row(image.pixels.begin() + y * width, image.pixels.begin() + (y + 1) * width);
      EXPECT_EQ(EGifPutLine(file, row.data(), width), GIF_OK);
    }
  };
  if (interlaced) {
    put_rows(0, 8);
    put_rows(4, 8);
    put_rows(2, 4);
    put_rows(1, 2);
  } else {
    put_rows(0, 1);
  }
  EXPECT_EQ(EGifCloseFile(file, &error), GIF_OK);
  GifFreeMapObject(map);
  return bytes;
}

std::string bmp_file(const Image& image) {
  const auto width = static_cast<std::uint32_t>(image.width);
  const auto height = static_cast<std::uint32_t>(image.height);
  const std::uint32_t row = (width * 24 + 31) / 32 * 4;
  std::string file = "BM" + little_endian(54 + row * height, 4) + little_endian(0, 4) + little_endian(54, 4) +
                     little_endian(40, 4) + little_endian(width, 4) + little_endian(height, 4) +
                     little_endian(1, 2) + little_endian(24, 2) + std::string(24, '\0');
  for (std::uint32_t y = height; y-- > 0;) {
    std::string line;
    for (std::uint32_t x = 0; x < width; ++x) {
      for (std::uint32_t c = 3; c-- > 0;) line += static_cast<char>(image.pixels[(y * width + x) * 3 + c]);
    }
    line.resize(row, '\0');
    file += line;
  }
  return file;
}

std::string pnm_file(const Image& image) {
  return std::string(image.channels == 1 ? "P5" : "P6") + "\n# made by a test\n" +
         std::to_string(image.width) + " " + std::to_string(image.height) + "\n255\n" +
         std::string(image.pixels.begin(), image.pixels.end());
}

std::string with_orientation(const std::string& jpeg, int orientation) {
  // One directory with one entry: tag 0x0112 of type SHORT.
  const std::string exif = std::string("Exif\0\0II*\0", 10) + little_endian(8, 4) + little_endian(1, 2) +
                           little_endian(0x0112, 2) + little_endian(3, 2) + little_endian(1, 4) +
                           little_endian(static_cast<std::uint32_t>(orientation), 4) + little_endian(0, 4);
  const std::size_t length = exif.size() + 2;
  return jpeg.substr(0, 2) + "\xFF\xE1" + static_cast<char>(length >> 8) + static_cast<char>(length & 0xFF) +
         exif + jpeg.substr(2);
}

std::vector<std::pair<std::string, std::string>> every_kind_of_file(const Image& colour) {
  Image grey{.height = colour.height, .width = colour.width, .channels = 1, .pixels = {}};
  for (std::size_t i = 0; i < colour.pixels.size(); i += 3) grey.pixels.push_back(colour.pixels[i]);
  return {{"jpeg", jpeg_file(colour)},
          {"grey_jpeg", jpeg_file(grey)},
          {"png", encode_png(colour)},
          {"grey_png", encode_png(grey)},
          {"webp", webp_file(colour)},
          {"gif", gif_file(grey)},
          {"interlaced_gif", gif_file(grey, true)},
          {"bmp", bmp_file(colour)},
          {"ppm", pnm_file(colour)},
          {"pgm", pnm_file(grey)},
          {"turned_jpeg", with_orientation(jpeg_file(colour), 6)}};
}

}  // namespace halfwave
