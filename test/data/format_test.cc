// The kinds of pictures beside JPEG and PNG, and how a camera was held.
#include <gtest/gtest.h>

#include "halfwave/data/exif.h"
#include "halfwave/data/fit.h"
#include "picture_file.h"
#include "sample.h"

namespace halfwave {
namespace {

std::string error(const std::string& bytes) {
  return message([&] { decode_image(bytes, "x"); });
}

void expect_same(const Image& image, const Image& expected) {
  EXPECT_EQ(image.height, expected.height);
  EXPECT_EQ(image.width, expected.width);
  EXPECT_EQ(image.channels, expected.channels);
  EXPECT_EQ(image.pixels, expected.pixels);
}

Image in_colour(const Image& grey) {
  Image colour{.height = grey.height, .width = grey.width, .channels = 3, .pixels = {}};
  for (const std::uint8_t level : grey.pixels) colour.pixels.insert(colour.pixels.end(), 3, level);
  return colour;
}

TEST(WebP, IsRead) {
  const Image image = distinct_picture(13, 21, 3);
  expect_same(decode_image(webp_file(image), "x"), image);
}

TEST(Gif, IsRead) {
  const Image grey = distinct_picture(13, 21, 1);
  expect_same(decode_image(gif_file(grey), "x"), in_colour(grey));
  expect_same(decode_image(gif_file(grey, true), "x"), in_colour(grey));
}

TEST(Gif, WhatIsTransparentIsWhite) {
  const Image grey = distinct_picture(4, 5, 1);
  Image expected = in_colour(grey);
  std::fill_n(expected.pixels.begin() + 21, 3, std::uint8_t{255});  // the pixel at 7
  expect_same(decode_image(gif_file(grey, false, grey.pixels[7]), "x"), expected);
}

TEST(Bitmap, BmpIsRead) {
  for (const std::int64_t width : {1, 2, 3, 4, 21}) {  // rows of every rest modulo 4 bytes
    const Image image = distinct_picture(13, width, 3);
    expect_same(decode_image(bmp_file(image), "x"), image);
  }
}

TEST(Bitmap, PgmAndPpmAreRead) {
  for (const std::int64_t channels : {1, 3}) {
    const Image image = distinct_picture(13, 21, channels);
    expect_same(decode_image(pnm_file(image), "x"), image);
  }
}

TEST(Pnm, TextAndOtherLargestValuesAreRead) {
  const auto pixels = [](const std::string& file) { return decode_image(file, "x").pixels; };
  using Bytes = std::vector<std::uint8_t>;
  EXPECT_EQ(pixels("P2 2 1 #a comment\n 4\n0 3"), (Bytes{0, 191}));
  EXPECT_EQ(pixels("P3\n1 2\n255\n1 2 3\n4 5 6\n"), (Bytes{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(pixels(std::string("P5 2 1 65535\n\x80\0\xff\xff", 17)), (Bytes{128, 255}));
  EXPECT_EQ(pixels("P5 2 1 100\n\x32\x64"), (Bytes{128, 255}));
  for (const char* bad : {"P5 2 1 100\n\x32\x65", "P2 2 1 4 0 5", "P2 2 1 4 0", "P2 2 1 0 0 0", "P2 0 1 4",
                          "P5 2", "P2 2 1 70000 0 0", "P2 99999999999999999999 1 4 0", "P2 x"})
    EXPECT_EQ(error(bad), "x: the PGM or PPM image is cut or damaged") << bad;
}

TEST(Formats, AreRefusedCutAnywhere) {
  for (const auto& [name, file] : every_kind_of_file(distinct_picture(9, 7, 3))) {
    // A GIF is whole without the byte that ends the file and the one that ends its picture, a PNG without the
    // checksum of its last, empty part.
    const std::size_t spare = name.ends_with("gif") ? 2 : name.ends_with("png") ? 4 : 0;
    const std::size_t whole = file.size() - spare;
    for (std::size_t length = 0; length < whole; ++length) {
      const std::string text = error(file.substr(0, length));
      EXPECT_TRUE(text.starts_with("x: ")) << name << " of " << length << " bytes: " << text;
    }
  }
}

TEST(Formats, ThatClaimTooMuchAreRefused) {
  EXPECT_EQ(error("P6 60000 60000 255\n"),
            "x: expected at most 100 megapixels, got 60000 x 60000 (3600 megapixels); make it smaller");
  std::string bmp = bmp_file(distinct_picture(2, 2, 3));
  bmp.replace(18, 8, std::string("\0\x7d\0\0\0\x7d\0\0", 8));
  EXPECT_EQ(error(bmp),
            "x: expected at most 100 megapixels, got 32000 x 32000 (1024 megapixels); make it smaller");
  bmp.replace(18, 8, std::string("\0\x10\0\0\0\x10\0\0", 8));
  EXPECT_EQ(error(bmp), "x: the BMP image is cut: expected 50331702 bytes for 4096 x 4096 pixels, got 70");
  std::string gif = gif_file(distinct_picture(2, 2, 1));
  gif.replace(6, 4, "\xff\xff\xff\xff");
  EXPECT_EQ(error(gif),
            "x: expected at most 100 megapixels, got 65535 x 65535 (4294 megapixels); make it smaller");
}

// Which sides of the upright picture the first row and the first column of the stored one are, by orientation
// (Exif 2.32, annex B; TIFF 6.0, page 36).
struct Sides {
  const char* row;
  const char* column;
};
constexpr Sides sides[] = {{"top", "left"}, {"top", "right"}, {"bottom", "right"}, {"bottom", "left"},
                           {"left", "top"}, {"right", "top"}, {"right", "bottom"}, {"left", "bottom"}};

TEST(Exif, TurnsPicturesUpright) {
  const Image stored = distinct_picture(3, 5, 3);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image image = upright(stored, orientation);
    const auto& [row, column] = sides[orientation - 1];
    const auto at = [&](const Image& from, std::int64_t y, std::int64_t x) {
      return std::vector<std::uint8_t>(from.pixels.begin() + (y * from.width + x) * 3,
                                       from.pixels.begin() + (y * from.width + x) * 3 + 3);
    };
    for (std::int64_t y = 0; y < stored.height; ++y) {
      for (std::int64_t x = 0; x < stored.width; ++x) {
        std::int64_t to_y = 0;
        std::int64_t to_x = 0;
        for (const auto& [side, distance] :
             {std::pair(std::string(row), y), std::pair(std::string(column), x)}) {
          if (side == "top") to_y = distance;
          if (side == "bottom") to_y = image.height - 1 - distance;
          if (side == "left") to_x = distance;
          if (side == "right") to_x = image.width - 1 - distance;
        }
        EXPECT_EQ(at(image, to_y, to_x), at(stored, y, x)) << orientation << " " << y << " " << x;
      }
    }
  }
}

TEST(Exif, IsHeededInJpegFiles) {
  const std::string file = jpeg_file(distinct_picture(16, 24, 3));
  const Image stored = decode_image(file, "x");
  for (int orientation = 1; orientation <= 8; ++orientation)
    expect_same(decode_image(with_orientation(file, orientation), "x"), upright(stored, orientation));
  for (const int unknown : {0, 9, 65535})
    expect_same(decode_image(with_orientation(file, unknown), "x"), stored);
}

TEST(Exif, DamagedOrCutSaysNothing) {
  const std::string whole = with_orientation(jpeg_file(distinct_picture(4, 4, 1)), 6);
  const std::string exif(exif_of_jpeg(whole));
  ASSERT_EQ(exif_orientation(exif), 6);
  for (std::size_t length = 0; length < 20; ++length) EXPECT_EQ(exif_orientation(exif.substr(0, length)), 1);
  for (std::size_t place = 0; place < exif.size(); ++place) {
    for (int value = 0; value < 256; ++value) {
      std::string bad = exif;
      bad[place] = static_cast<char>(value);
      const int orientation = exif_orientation(bad);
      EXPECT_TRUE(orientation >= 1 && orientation <= 8);
    }
  }
  for (std::size_t length = 0; length < whole.size(); ++length) exif_of_jpeg(whole.substr(0, length));
  for (const char* text : {"RIFF", "RIFF1234WEBP", "RIFF1234WEBPEXIF", "RIFF1234WEBPEXIF\xff\xff\xff\xff"})
    EXPECT_EQ(exif_of_webp(text), "");
}

TEST(Jpeg, IsDecodedSmallerWhereTwiceTheTargetIsLeft) {
  const std::string file = jpeg_file(distinct_picture(161, 240, 3));
  const auto size = [&](const PictureSize& target, int orientation = 1) {
    const Image image = decode_image(with_orientation(file, orientation), "x", target);
    return std::pair(static_cast<int>(image.height), static_cast<int>(image.width));
  };
  EXPECT_EQ(size({}), std::pair(161, 240));
  EXPECT_EQ(size({81, 20}), std::pair(161, 240));
  EXPECT_EQ(size({40, 40}), std::pair(81, 120));
  EXPECT_EQ(size({20, 20}), std::pair(41, 60));
  EXPECT_EQ(size({10, 15}), std::pair(21, 30));
  EXPECT_EQ(size({1, 1}), std::pair(21, 30));
  EXPECT_EQ(size({20, 60}), std::pair(81, 120));
  EXPECT_EQ(size({60, 40}, 6), std::pair(240, 161)) << "a turned one with an odd side stays whole";
  const std::string even = with_orientation(jpeg_file(distinct_picture(160, 240, 3)), 6);
  EXPECT_EQ(decode_image(even, "x", {60, 40}).height, 120);
  EXPECT_EQ(decode_image(even, "x", {60, 40}).own, (PictureSize{240, 160}));
}

// Long waves and an edge. Decoded smaller it becomes the same picture, but for what the decoder's filter and
// fit()'s make of the edge; also where the last row and column are an eighth of a pixel, which would move it
// by up to 7 pixels of the file, 23 levels, if they counted as whole ones.
TEST(Jpeg, IsTheSamePictureWhenDecodedSmaller) {
  for (const auto& [height, width] : {std::pair(249, 321), std::pair(256, 320), std::pair(321, 249)}) {
    Image image{.height = height, .width = width, .channels = 3, .pixels = {}};
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        for (int c = 0; c < 3; ++c) {
          const double wave = std::sin(x / (12.0 + c)) + std::cos((x + 2 * y) / 40.0) + (x > y ? 0.8 : -0.8);
          image.pixels.push_back(static_cast<std::uint8_t>(std::lround(127 + 40 * wave)));
        }
      }
    }
    const std::string file = jpeg_file(image);
    for (const std::int64_t side : {60, 30, 14}) {
      const Shape shape{.height = side, .width = side, .channels = 3};
      const Image whole = fit(decode_image(file, "x"), shape);
      const Image small = decode_image(file, "x", {side, side});
      EXPECT_LT(small.height, height);
      const Image got = fit(small, shape);
      double sum = 0;
      for (std::size_t i = 0; i < got.pixels.size(); ++i) {
        EXPECT_NEAR(got.pixels[i], whole.pixels[i], 10);
        sum += std::abs(got.pixels[i] - whole.pixels[i]);
      }
      EXPECT_LT(sum / static_cast<double>(got.pixels.size()), 1)
          << height << " x " << width << " to " << side;
    }
  }
}

}  // namespace
}  // namespace halfwave
