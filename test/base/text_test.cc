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

TEST(Text, KnowsUtf8) {
  for (const char* good :
       {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa4z"})
    EXPECT_TRUE(is_utf8(good)) << good;
  // Alone, cut, longer than need be, half of a pair, past the end.
  for (const char* bad :
       {"\x80", "\xbf", "\xc2", "\xc2z", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xff"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Text, MakesNamesPrintable) {
  EXPECT_EQ(printable("a b\xc3\xa4"), "a b\xc3\xa4");
  EXPECT_EQ(printable("a\nb\tc\x1b[31m\x7f\xff\xc3"), "a\\nb\\tc\\x1b[31m\\x7f\\xff\\xc3");
}

}  // namespace
}  // namespace halfwave
