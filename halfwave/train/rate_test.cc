#include "halfwave/train/rate_test.h"

#include <algorithm>
#include <cmath>

#include "halfwave/base/error.h"

namespace halfwave {
namespace {

constexpr double memory = 0.9;  // of the smoothed loss
constexpr double too_much = 4;  // times the least loss

}  // namespace

RateTest test_rates(Trainer& trainer, std::size_t steps, double lowest, double highest,
                    const std::function<bool(std::size_t)>& progress) {
  RateTest test;
  double smooth = 0;
  double least = 0;
  for (std::size_t i = 0; i < steps; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(steps - 1);
    const double rate = lowest * std::pow(highest / lowest, share);
    const LossSum sum = trainer.try_rate(rate);
    if (!std::isfinite(sum.loss)) break;
    smooth = memory * smooth + (1 - memory) * sum.mean_loss();
    const double loss = smooth / (1 - std::pow(memory, static_cast<double>(i + 1)));
    test.points.push_back({rate, loss});
    least = i == 0 ? loss : std::min(least, loss);
    if (loss > too_much * least || (progress && !progress(i + 1))) break;
  }
  const auto best = std::min_element(test.points.begin(), test.points.end(),
                                     [](const RatePoint& a, const RatePoint& b) { return a.loss < b.loss; });
  if (best == test.points.end() || best == test.points.begin())
    fail("no rate from {} to {} made the loss fall; is there anything to learn?", lowest, highest);
  test.highest = best->rate;
  test.good = best->rate / 4;
  return test;
}

}  // namespace halfwave
