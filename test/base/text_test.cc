#include "halfwave/base/text.h"

#include <gtest/gtest.h>

#include <array>

namespace halfwave {
namespace {

constexpr std::array<std::string_view, 3> names{"relu", "leaky_relu", "tanh"};

TEST(Text, SuggestsTheNearestName) {
  EXPECT_EQ(nearest("rel", names), "relu");
  EXPECT_EQ(nearest("leaky-relu", names), "leaky_relu");
  EXPECT_EQ(nearest("tnah", names), "tanh");
  EXPECT_EQ(nearest("rleu", names), "relu");
  EXPECT_EQ(nearest("step", names), "");
  EXPECT_EQ(nearest("thanh", names), "tanh");
  EXPECT_EQ(suggestion("lrue", names), "");
  EXPECT_EQ(suggestion("relU", names), "; did you mean 'relu'?");
  EXPECT_EQ(suggestion("", names), "");
}

}  // namespace
}  // namespace halfwave
