#include "halfwave/tensor/shape.h"

#include <gtest/gtest.h>

namespace halfwave {
namespace {

TEST(Shape, CountsValuesAndPixels) {
  const Shape shape{3, 4, 5};
  EXPECT_EQ(shape.size(), 60U);
  EXPECT_EQ(shape.pixels(), 12U);
  EXPECT_EQ((Shape{1 << 20, 1 << 20, 1 << 20}).size(), std::size_t{1} << 60);
}

TEST(Shape, ReadsAsPeopleWriteIt) {
  EXPECT_EQ(to_string({28, 28, 1}), "28x28x1");
  EXPECT_EQ(to_string({1, 1, 10}), "10");
  EXPECT_EQ(to_string({1, 2, 10}), "1x2x10");
}

}  // namespace
}  // namespace halfwave
