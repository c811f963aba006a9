// The learning-rate range test (Smith 2017, "Cyclical learning rates for training neural networks",
// section 3.3): a short training with a rate that rises a little with every step shows which rates teach, and
// where they are too high.
#pragma once

#include <functional>
#include <vector>

#include "halfwave/train/trainer.h"

namespace halfwave {

struct RatePoint {
  double rate;
  double loss;  // smoothed over steps: 0.9 of what was, corrected for the beginning
};

struct RateTest {
  std::vector<RatePoint> points;
  double highest = 0;  // the rate with the least loss: above it training breaks down
  double good = 0;     // a quarter of it (Smith's base rate is a third or a quarter of the highest)
};

// Trains for up to `steps` steps with rates from `lowest` to `highest`, a fixed factor from one to the next,
// and otherwise as the trainer would. Ends where the loss is four times its least, or no longer finite. The
// trainer and its net have then served. progress(steps done), if given, may return false to end it early.
// Error when nothing was learned.
RateTest test_rates(Trainer& trainer, std::size_t steps = 200, double lowest = 1e-6, double highest = 10,
                    const std::function<bool(std::size_t)>& progress = {});

}  // namespace halfwave
