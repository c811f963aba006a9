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

// The values are those of torch.optim.lr_scheduler.OneCycleLR(max_lr=0.8, total_steps=1000), which begins
// with its step 0.
TEST(Schedule, OneCycleIsPyTorchs) {
  TrainOptions options{.epochs = 10, .rate = 0.8, .schedule = ScheduleKind::one_cycle};
  options.resolve();
  const auto rate = [&](std::uint64_t step) { return scheduled_rate(options, step, 100); };
  EXPECT_NEAR(rate(0), 0.032, 1e-9);
  EXPECT_NEAR(rate(1), 0.0320211960337, 1e-9);
  EXPECT_NEAR(rate(150), 0.418017334498, 1e-9);
  EXPECT_NEAR(rate(298), 0.799978803966, 1e-9);
  EXPECT_NEAR(rate(299), 0.8, 1e-9);
  EXPECT_NEAR(rate(300), 0.799995971613, 1e-9);
  EXPECT_NEAR(rate(650), 0.398206417405, 1e-9);
  EXPECT_NEAR(rate(998), 7.2283870843e-06, 1e-9);
  EXPECT_NEAR(rate(999), 3.2e-06, 1e-9);
}

}  // namespace
}  // namespace halfwave
