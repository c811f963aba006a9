#include "halfwave/report/raster.h"

#include <gtest/gtest.h>

#include "halfwave/report/base64.h"

namespace halfwave {
namespace {

// RFC 4648, section 10.
TEST(Base64, IsThatOfTheStandard) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xff\xff"), "////");
}

TEST(Raster, PutsPixelsAsSquares) {
  Image whole = white_image(4, 5);
  put_image(whole, {1, 2, 1, {10, 20}}, 1, 1, 2);
  const auto pixel = [&](std::size_t y, std::size_t x) { return whole.pixels[(y * 5 + x) * 3 + 1]; };
  for (std::size_t y = 0; y < 4; ++y) {
    for (std::size_t x = 0; x < 5; ++x) {
      const bool inside = (y == 1 || y == 2) && x >= 1;
      EXPECT_EQ(pixel(y, x), !inside ? 255 : x < 3 ? 10 : 20) << y << ' ' << x;
    }
  }
}

TEST(Raster, ShrinksByMeans) {
  const Grid small = shrunk({4, 2, {1, 2, 3, 4, 5, 6, 7, 8}}, 2);
  EXPECT_EQ(small.height, 2);
  EXPECT_EQ(small.width, 1);
  EXPECT_EQ(small.values, (std::vector<float>{2.5F, 6.5F}));
  // Sides that do not divide: each value counts once.
  const Grid odd = shrunk({1, 5, {1, 2, 3, 4, 5}}, 2);
  EXPECT_EQ(odd.values, (std::vector<float>{1.5F, 4}));
  EXPECT_EQ(shrunk({1, 2, {1, 2}}, 2).values.size(), 2U);
}

TEST(Raster, NothingButZerosIsWhite) {
  const float zeros[] = {0, 0};
  EXPECT_EQ(signed_image(zeros, 1, 2, 0).pixels, std::vector<std::uint8_t>(6, 255));
}

TEST(Raster, AnAddressIsAWholePng) {
  EXPECT_EQ(png_uri(white_image(2, 2)).find("data:image/png;base64,iVBORw0KGgo"), 0U);
}

}  // namespace
}  // namespace halfwave
