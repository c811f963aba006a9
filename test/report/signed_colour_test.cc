#include "halfwave/report/signed_colour.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace halfwave {
namespace {

using Colour = std::array<std::uint8_t, 3>;

TEST(SignedColour, IsWhiteAtZeroRedAboveBlueBelow) {
  EXPECT_EQ(signed_colour(0), (Colour{255, 255, 255}));
  EXPECT_EQ(signed_colour(-0.0), (Colour{255, 255, 255}));
  EXPECT_EQ(signed_colour(1), (Colour{103, 0, 31}));
  EXPECT_EQ(signed_colour(-1), (Colour{5, 48, 97}));
  EXPECT_EQ(signed_colour(0.5), (Colour{239, 138, 98}));
  EXPECT_EQ(signed_colour(0.125), (Colour{254, 237, 227}));
  EXPECT_GT(signed_colour(0.3)[0], signed_colour(0.3)[2]);
  EXPECT_LT(signed_colour(-0.3)[0], signed_colour(-0.3)[2]);
}

TEST(SignedColour, HasAnEndAndKnowsWhatIsNoNumber) {
  EXPECT_EQ(signed_colour(7), signed_colour(1));
  EXPECT_EQ(signed_colour(-std::numeric_limits<double>::infinity()), signed_colour(-1));
  EXPECT_EQ(signed_colour(std::nan("")), (Colour{0, 0, 0}));
}

TEST(SignedColour, TheLargestMagnitudeIsOfFiniteValues) {
  const float values[] = {1, -3, std::numeric_limits<float>::infinity(), std::nanf("")};
  EXPECT_EQ(largest_magnitude(values), 3);
  EXPECT_EQ(largest_magnitude({}), 0);
}

TEST(SignedColour, TextStandsOut) {
  EXPECT_STREQ(text_colour_on({255, 255, 255}), "#000000");
  EXPECT_STREQ(text_colour_on({0, 0, 0}), "#ffffff");
  EXPECT_STREQ(text_colour_on(signed_colour(1)), "#ffffff");
  EXPECT_STREQ(text_colour_on(signed_colour(0.4)), "#000000");
  EXPECT_EQ(colour_text({1, 171, 255}), "#01abff");
}

}  // namespace
}  // namespace halfwave
