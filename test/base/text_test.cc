#include "halfwave/base/text.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

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

TEST(Text, WrapsAtSpaces) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(wrapped("y = a b", 7, 2), Lines{"y = a b"});
  EXPECT_EQ(wrapped("y = a b", 6, 2), (Lines{"y = a", "  b"}));
  EXPECT_EQ(wrapped("one two  three", 4, 1), (Lines{"one", " two", " three"}));
  EXPECT_EQ(wrapped("a  b", 4, 1), Lines{"a  b"});
  EXPECT_EQ(wrapped("", 5, 2), Lines{""});
}

}  // namespace
}  // namespace halfwave
