#include "halfwave/data/split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace halfwave {
namespace {

// 100 of class 0, 10 of class 1, 2 of class 5, one of class 7.
std::vector<int> labels() {
  std::vector<int> result(113, 0);
  std::fill_n(result.begin() + 100, 10, 1);
  std::fill_n(result.begin() + 110, 2, 5);
  result.back() = 7;
  return result;
}

TEST(Split, TakesAShareOfEachClass) {
  const std::vector<int> all = labels();
  const Split split = split_by_class(all, 0.2, 1);
  const auto tested = [&](int label) {
    return std::count_if(split.test.begin(), split.test.end(),
                         [&](std::size_t i) { return all[i] == label; });
  };
  EXPECT_EQ(tested(0), 20);
  EXPECT_EQ(tested(1), 2);
  EXPECT_EQ(tested(5), 1);
  EXPECT_EQ(tested(7), 0);
  std::vector<std::size_t> both = split.train;
  both.insert(both.end(), split.test.begin(), split.test.end());
  std::sort(both.begin(), both.end());
  std::vector<std::size_t> expected(all.size());
  std::iota(expected.begin(), expected.end(), std::size_t{0});
  EXPECT_EQ(both, expected);
  EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
  EXPECT_TRUE(std::is_sorted(split.test.begin(), split.test.end()));
}

TEST(Split, LeavesAndTakesAtLeastOne) {
  const std::vector<int> all = labels();
  EXPECT_EQ(split_by_class(all, 0.001, 1).test.size(), 3U);
  EXPECT_EQ(split_by_class(all, 0.999, 1).train.size(), 4U);
}

TEST(Split, DependsOnTheSeedAlone) {
  const std::vector<int> all = labels();
  EXPECT_EQ(split_by_class(all, 0.2, 1).test, split_by_class(all, 0.2, 1).test);
  EXPECT_NE(split_by_class(all, 0.2, 1).test, split_by_class(all, 0.2, 2).test);
}

// Of 4 each is drawn a quarter of the times: 1,000 of 4,000, give or take 5 standard deviations of 27.
TEST(Split, IsFair) {
  const std::vector<int> all(4, 0);
  std::vector<int> drawn(4, 0);
  for (std::uint64_t seed = 0; seed < 4000; ++seed) ++drawn[split_by_class(all, 0.25, seed).test.at(0)];
  for (const int count : drawn) EXPECT_NEAR(count, 1000, 137);
}

}  // namespace
}  // namespace halfwave
