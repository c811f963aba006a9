#include "halfwave/train/schedule.h"

#include <gtest/gtest.h>

namespace halfwave {
namespace {

TEST(Schedule, WarmsUpThenFollowsItsKind) {
  TrainOptions options{.epochs = 10, .rate = 0.8, .schedule = ScheduleKind::constant, .warm_up = 0.1};
  const std::uint64_t per_epoch = 100;  // 1000 steps, 100 of them warm-up
  EXPECT_DOUBLE_EQ(scheduled_rate(options, 0, per_epoch), 0.008);
  EXPECT_DOUBLE_EQ(scheduled_rate(options, 99, per_epoch), 0.8);
  EXPECT_DOUBLE_EQ(scheduled_rate(options, 999, per_epoch), 0.8);

  options.schedule = ScheduleKind::step;
  options.step_epochs = 4;
  options.step_factor = 0.5;
  EXPECT_DOUBLE_EQ(scheduled_rate(options, 399, per_epoch), 0.8);
  EXPECT_DOUBLE_EQ(scheduled_rate(options, 400, per_epoch), 0.4);
  EXPECT_DOUBLE_EQ(scheduled_rate(options, 800, per_epoch), 0.2);

  options.schedule = ScheduleKind::cosine;
  EXPECT_DOUBLE_EQ(scheduled_rate(options, 100, per_epoch), 0.8);
  EXPECT_NEAR(scheduled_rate(options, 550, per_epoch), 0.4, 1e-12);
  EXPECT_LT(scheduled_rate(options, 999, per_epoch), 1e-5);
  EXPECT_GT(scheduled_rate(options, 999, per_epoch), 0);
}

TEST(Schedule, WithoutWarmUpStartsAtTheRate) {
  const TrainOptions options{.epochs = 1, .rate = 0.5, .schedule = ScheduleKind::cosine, .warm_up = 0};
  EXPECT_DOUBLE_EQ(scheduled_rate(options, 0, 10), 0.5);
}

}  // namespace
}  // namespace halfwave
