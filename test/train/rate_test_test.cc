#include "halfwave/train/rate_test.h"

#include <gtest/gtest.h>

#include "common/error_message.h"
#include "sample_data.h"

namespace halfwave {
namespace {

TEST(RateTest, FindsWhereTheLossFalls) {
  Net net(parse_net(sample_net(), "test"));
  Trainer trainer(net, sample_data(), {.batch = 48});
  std::size_t told = 0;
  const RateTest test = test_rates(trainer, 120, 1e-6, 10, [&](std::size_t done) {
    told = done;
    return true;
  });
  EXPECT_LE(test.points.size() - told, 1U) << "where it breaks down nothing is told";
  EXPECT_DOUBLE_EQ(test.points.front().rate, 1e-6);
  for (std::size_t i = 1; i < test.points.size(); ++i)
    EXPECT_NEAR(test.points[i].rate / test.points[i - 1].rate, std::pow(1e7, 1.0 / 119), 1e-9);
  // It learns at the default rate of 0.05 (see Trainer.Learns), and not at 1e-5.
  EXPECT_GT(test.highest, 0.01);
  EXPECT_DOUBLE_EQ(test.good, test.highest / 4);
}

TEST(RateTest, EndsWhereItIsAskedTo) {
  Net net(parse_net(sample_net(), "test"));
  Trainer trainer(net, sample_data(), {.batch = 48});
  const RateTest test = test_rates(trainer, 100, 1e-3, 1, [](std::size_t done) { return done < 20; });
  EXPECT_EQ(test.points.size(), 20U);
}

TEST(RateTest, SaysWhereNothingIsLearned) {
  Net net(parse_net(sample_net(), "test"));
  Trainer trainer(net, sample_data(), {.batch = 48});
  EXPECT_EQ(message([&] { test_rates(trainer, 20, 1e9, 1e10); }),
            "no rate from 1000000000 to 10000000000 made the loss fall; is there anything to learn?");
}

}  // namespace
}  // namespace halfwave
