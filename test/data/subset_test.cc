#include "halfwave/data/subset.h"

#include <gtest/gtest.h>

#include <set>

#include "sample.h"

namespace halfwave {
namespace {

std::shared_ptr<const Dataset> hundred() {
  return std::make_shared<MadeDataset>(100, Shape{1, 1, 1},
                                       [](std::size_t i, std::size_t) { return static_cast<int>(i); });
}

std::vector<int> pixels(const Dataset& data) {
  std::vector<int> result;
  for (std::size_t i = 0; i < data.size(); ++i) {
    float value = 0;
    data.get(i, &value);
    result.push_back(static_cast<int>(std::lround(value * 255)));
    EXPECT_EQ(data.label(i), result.back() % 10);
    EXPECT_EQ(data.name(i), "number " + std::to_string(result.back()));
  }
  return result;
}

TEST(Subset, IsDrawnFromAllInTheirOrder) {
  const auto some = some_of(hundred(), 20);
  const std::vector<int> drawn = pixels(*some);
  EXPECT_EQ(drawn.size(), 20U);
  EXPECT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
  EXPECT_EQ(std::set<int>(drawn.begin(), drawn.end()).size(), 20U);
  EXPECT_GT(drawn.back(), 60);  // all below that: once in 27,000 draws
  EXPECT_EQ(pixels(*some_of(hundred(), 20)), drawn);
  EXPECT_NE(pixels(*some_of(hundred(), 20, 2)), drawn);
  EXPECT_NE(some->fingerprint(), hundred()->fingerprint());
}

TEST(Subset, IsAllWhereThereAreNoMore) { EXPECT_EQ(some_of(hundred(), 100)->size(), 100U); }

}  // namespace
}  // namespace halfwave
