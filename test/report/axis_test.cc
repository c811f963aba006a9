#include "halfwave/report/axis.h"

#include <gtest/gtest.h>

namespace halfwave {
namespace {

std::vector<std::string> labels(double low, double high, double count) {
  std::vector<std::string> result;
  for (const Tick& tick : ticks(low, high, count)) result.push_back(tick.label);
  return result;
}

using Labels = std::vector<std::string>;

TEST(Axis, StepsAreRound) {
  EXPECT_DOUBLE_EQ(nice_step(10, 5), 2);
  EXPECT_DOUBLE_EQ(nice_step(10, 4), 5);
  EXPECT_DOUBLE_EQ(nice_step(10, 1.5), 10);
  EXPECT_DOUBLE_EQ(nice_step(0.3, 6), 0.05);
  EXPECT_EQ(decimals(5), 0);
  EXPECT_EQ(decimals(0.5), 1);
  EXPECT_EQ(decimals(0.1), 1);
  EXPECT_EQ(decimals(0.05), 2);
}

TEST(Axis, TicksAreMultiplesWithinTheRange) {
  EXPECT_EQ(labels(-5, 5, 5), (Labels{"-4", "-2", "0", "2", "4"}));
  EXPECT_EQ(labels(-0.04, 1.04, 3), (Labels{"0.0", "0.5", "1.0"}));
  EXPECT_EQ(labels(-0.3, 0.3, 6), (Labels{"-0.3", "-0.2", "-0.1", "0.0", "0.1", "0.2", "0.3"}));
  EXPECT_EQ(labels(101, 103, 2), (Labels{"101", "102", "103"}));
  for (const Tick& tick : ticks(-0.3, 0.3, 6)) EXPECT_NEAR(tick.value, std::stod(tick.label), 1e-15);
}

TEST(Axis, LabelsOfFarMagnitudesArePowersOfTen) {
  EXPECT_EQ(labels(0, 1e11, 2), (Labels{"0", "5e+10", "1e+11"}));
  EXPECT_EQ(labels(0, 4e-5, 2), (Labels{"0", "2e-05", "4e-05"}));
}

}  // namespace
}  // namespace halfwave
