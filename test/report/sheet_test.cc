#include "halfwave/report/sheet.h"

#include <gtest/gtest.h>

#include "common/error_message.h"

namespace halfwave {
namespace {

// Examples of one level each: a class c begins at level 40 c, the next one is a level higher.
class Levels : public Dataset {
 public:
  explicit Levels(Shape shape) : shape_(shape) {}
  std::size_t size() const override { return 9; }
  Shape shape() const override { return shape_; }
  void get(std::size_t i, float* values) const override {
    const auto level = static_cast<float>(40 * label(i)) + static_cast<float>(i / 3);
    std::fill_n(values, shape_.size(), level / 255);
  }
  int label(std::size_t i) const override { return static_cast<int>(i % 3); }
  const std::vector<std::string>& classes() const override { return classes_; }
  std::string fingerprint() const override { return "levels"; }

 private:
  Shape shape_;
  std::vector<std::string> classes_{"a", "b", "c", "empty"};
};

int level(const Image& image, std::int64_t y, std::int64_t x) {
  return image.pixels.at(static_cast<std::size_t>((y * image.width + x) * image.channels));
}

TEST(Sheet, HasARowAClass) {
  const Image sheet =
      example_sheet(Levels({.height = 4, .width = 8, .channels = 1}), {.rows = 5, .columns = 4, .side = 16});
  // Examples of 8 x 16 with 4 pixels around: four classes, four columns.
  EXPECT_EQ(sheet.height, 4 + 4 * 12);
  EXPECT_EQ(sheet.width, 4 + 4 * 20);
  for (std::int64_t row = 0; row < 4; ++row) {
    for (std::int64_t column = 0; column < 4; ++column) {
      const bool there = row < 3 && column < 3;
      EXPECT_EQ(level(sheet, 4 + row * 12 + 7, 4 + column * 20 + 15), there ? 40 * row + column : 255);
    }
  }
  EXPECT_EQ(level(sheet, 3, 30), 255);
  EXPECT_EQ(level(sheet, 20, 20), 255);
}

TEST(Sheet, ShowsChangedCopiesOfOne) {
  const Image sheet = example_sheet(Levels({.height = 8, .width = 8, .channels = 3}),
                                    {.rows = 2, .columns = 4, .side = 8, .augmentation = {.cutout = 4}});
  EXPECT_EQ(sheet.height, 4 + 2 * 12);
  for (std::int64_t column = 0; column < 4; ++column) {
    int covered = 0;
    for (std::int64_t y = 0; y < 8; ++y)
      for (std::int64_t x = 0; x < 8; ++x)
        covered += level(sheet, 16 + y, 4 + column * 12 + x) == 128 ? 1 : 0;
    EXPECT_EQ(covered > 0, column > 0) << "the first is as it is";
  }
}

TEST(Sheet, NeedsPictures) {
  EXPECT_EQ(message([] { example_sheet(Levels({.height = 1, .width = 1, .channels = 7})); }),
            "examples of 7 values a pixel cannot be drawn: expected 1 (grey) or 3 (colour)");
}

}  // namespace
}  // namespace halfwave
