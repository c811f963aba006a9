#include "halfwave/base/random.h"

#include <gtest/gtest.h>

#include <cmath>

namespace halfwave {
namespace {

// Known answers of Random123's philox4x32-10 (its file kat_vectors).
TEST(Philox, GivesThePublishedNumbers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
            (std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (std::array<std::uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStream, DependsOnEachPartOfItsKey) {
  const auto first = [](auto... key) { return RandomStream(key...).next(); };
  const auto base = first(7U, RandomPurpose::test, 3U, 5U);
  EXPECT_EQ(base, first(7U, RandomPurpose::test, 3U, 5U));
  EXPECT_NE(base, first(8U, RandomPurpose::test, 3U, 5U));
  EXPECT_NE(base, first(7U, RandomPurpose::dropout, 3U, 5U));
  EXPECT_NE(base, first(7U, RandomPurpose::test, 4U, 5U));
  EXPECT_NE(base, first(7U, RandomPurpose::test, 3U, 6U));
}

TEST(RandomStream, HasTheMomentsOfItsDistributions) {
  RandomStream random(1, RandomPurpose::test);
  const int n = 100000;
  double uniform = 0;
  double normal = 0;
  double square = 0;
  for (int i = 0; i < n; ++i) {
    uniform += random.uniform();
    const double x = random.normal();
    normal += x;
    square += x * x;
  }
  // Five standard deviations of each mean.
  EXPECT_NEAR(uniform / n, 0.5, 5 * std::sqrt(1.0 / 12 / n));
  EXPECT_NEAR(normal / n, 0, 5 * std::sqrt(1.0 / n));
  EXPECT_NEAR(square / n, 1, 5 * std::sqrt(2.0 / n));
}

TEST(RandomStream, BelowCoversItsRangeEvenly) {
  RandomStream random(2, RandomPurpose::test);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts.at(random.below(7));
  for (const int count : counts) EXPECT_NEAR(count, 10000, 5 * std::sqrt(10000.0));
}

}  // namespace
}  // namespace halfwave
