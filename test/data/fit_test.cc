#include "halfwave/data/fit.h"

#include <gtest/gtest.h>

#include "sample.h"

namespace halfwave {
namespace {

using Pixels = std::vector<std::uint8_t>;

Image grey(std::int64_t height, std::int64_t width, Pixels pixels) {
  return {.height = height, .width = width, .channels = 1, .pixels = std::move(pixels)};
}

Pixels fitted(const Image& image, const Shape& shape) {
  const Image result = fit(image, shape);
  EXPECT_EQ(result.height, shape.height);
  EXPECT_EQ(result.width, shape.width);
  EXPECT_EQ(result.channels, shape.channels);
  EXPECT_EQ(result.pixels.size(), shape.size());
  return result.pixels;
}

TEST(Fit, LeavesAFittingImage) {
  EXPECT_EQ(fitted(grey(2, 3, {1, 2, 3, 4, 5, 6}), {2, 3, 1}), (Pixels{1, 2, 3, 4, 5, 6}));
}

TEST(Fit, ChangesChannels) {
  EXPECT_EQ(fitted(grey(1, 2, {7, 9}), {1, 2, 3}), (Pixels{7, 7, 7, 9, 9, 9}));
  const Image colour{.height = 1,
                     .width = 5,
                     .channels = 3,
                     .pixels = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 77, 77, 77}};
  // 0.299, 0.587 and 0.114 of 255 are 76.2, 149.7 and 29.1; greys stay as they are.
  EXPECT_EQ(fitted(colour, {1, 5, 1}), (Pixels{76, 150, 29, 255, 77}));
}

TEST(Fit, Shrinks) {
  // To one value, all four count alike.
  EXPECT_EQ(fitted(grey(2, 2, {10, 20, 30, 41}), {1, 1, 1}), (Pixels{25}));
  // By two, the triangle's weights are 1 3 3 1, here without the one that lies outside.
  const Pixels row{0, 0, 100, 200};
  Pixels four;
  for (int i = 0; i < 4; ++i) four.insert(four.end(), row.begin(), row.end());
  // 100 / 7 and (3 * 200 + 3 * 100) / 7
  EXPECT_EQ(fitted(grey(4, 4, four), {2, 2, 1}), (Pixels{14, 129, 14, 129}));
}

TEST(Fit, DoesNotAlias) {
  Pixels board(64 * 64);
  for (std::size_t i = 0; i < board.size(); ++i) board[i] = (i / 64 + i) % 2 == 0 ? 0 : 255;
  for (const std::uint8_t value : fitted(grey(64, 64, board), {7, 7, 1})) EXPECT_NEAR(value, 127.5, 3);
}

TEST(Fit, Enlarges) {
  // Twice as large, then the middle row: values lie at -1/4, 1/4, 3/4 and 5/4 of the way.
  EXPECT_EQ(fitted(grey(1, 2, {0, 100}), {1, 4, 1}), (Pixels{0, 25, 75, 100}));
  EXPECT_EQ(fitted(grey(1, 1, {9}), {3, 2, 1}), (Pixels(6, 9)));
}

TEST(Fit, CropsTheCentre) {
  EXPECT_EQ(fitted(grey(1, 5, {1, 2, 3, 4, 5}), {1, 3, 1}), (Pixels{2, 3, 4}));
  EXPECT_EQ(fitted(grey(5, 1, {1, 2, 3, 4, 5}), {3, 1, 1}), (Pixels{2, 3, 4}));
  // An uneven rest is halved between two pixels.
  EXPECT_EQ(fitted(grey(1, 4, {0, 20, 40, 60}), {1, 3, 1}), (Pixels{10, 30, 50}));
}

TEST(FitPart, TakesThePartInPlaceOfTheMiddle) {
  const Image image = grey(2, 4, {1, 2, 3, 4, 5, 6, 7, 8});
  const auto part = [&](const PicturePart& of, const Shape& shape) {
    return fit_part(image, of, shape).pixels;
  };
  EXPECT_EQ(part({}, {2, 4, 1}), image.pixels);
  EXPECT_EQ(part({.left = 0.5, .width = 0.5}, {2, 2, 1}), (Pixels{3, 4, 7, 8}));
  EXPECT_EQ(part({.top = 0.5, .height = 0.5}, {1, 4, 1}), (Pixels{5, 6, 7, 8}));
  EXPECT_EQ(part({.top = 0.5, .left = 0.25, .height = 0.5, .width = 0.25}, {1, 1, 3}), (Pixels{6, 6, 6}));
  // Stretched: down by a half, across by two with the weights 3 3 1, those of the triangle that lie inside; a
  // quarter of what is below the part comes in: 12 / 7 and 23 / 7, then one more.
  EXPECT_EQ(part({.height = 0.5}, {2, 2, 1}), (Pixels{2, 3, 3, 4}));
  EXPECT_EQ(part({.height = 0.5, .width = 0.5}, {1, 4, 1}), (Pixels{1, 1, 2, 2}));
}

TEST(Fit, KeepsChannelsApart) {
  const Image colour{
      .height = 2, .width = 2, .channels = 3, .pixels = {1, 10, 100, 3, 30, 200, 1, 10, 100, 3, 30, 200}};
  EXPECT_EQ(fitted(colour, {1, 1, 3}), (Pixels{2, 20, 150}));
}

TEST(Fit, StandsExtremes) {
  fitted(grey(1, 100'000, Pixels(100'000, 5)), {28, 28, 1});
  fitted(grey(3, 1'001, Pixels(3'003, 5)), {1, 900, 3});
  for (const std::uint8_t value : fitted(grey(97, 89, Pixels(97 * 89, 255)), {13, 31, 1}))
    EXPECT_EQ(value, 255);
}

TEST(Fit, RefusesOtherChannels) {
  EXPECT_EQ(message([] {
              fit(grey(1, 1, {1}), {2, 2, 4});
            }),
            "an image has 1 channel (grey) or 3 (colour), and cannot be fitted to an input of 2x2x4");
}

TEST(Thumbnail, KeepsTheSidesInProportion) {
  const Image image = grey(40, 20, Pixels(800, 9));
  const Image small = thumbnail(image, 10);
  EXPECT_EQ(small.height, 10);
  EXPECT_EQ(small.width, 5);
  EXPECT_EQ(small.pixels, Pixels(50, 9));
  EXPECT_EQ(thumbnail(image, 40).pixels.size(), 800U);
  const Image line = thumbnail(grey(1, 200, Pixels(200, 7)), 10);
  EXPECT_EQ(line.height, 1);
  EXPECT_EQ(line.width, 10);
}

}  // namespace
}  // namespace halfwave
