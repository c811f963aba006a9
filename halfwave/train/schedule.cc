#include "halfwave/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace halfwave {
namespace {

// Half a cosine from one to the other.
double between(double from, double to, double share) {
  return to + (from - to) * 0.5 * (1 + std::cos(std::numbers::pi * share));
}

double one_cycle_rate(const TrainOptions& options, double at, double all) {
  const double start = options.rate / 25;
  const double peak = options.warm_up * all - 1;  // the step with the whole rate
  if (at <= peak) return between(start, options.rate, peak > 0 ? at / peak : 1);
  return between(options.rate, start / 1e4, std::min((at - peak) / (all - 1 - peak), 1.0));
}

}  // namespace

double scheduled_rate(const TrainOptions& options, std::uint64_t step, std::uint64_t steps_per_epoch) {
  const auto at = static_cast<double>(step);
  const double all = static_cast<double>(steps_per_epoch) * static_cast<double>(options.epochs);
  const double warm = std::floor(all * options.warm_up);
  if (options.schedule == ScheduleKind::one_cycle) return one_cycle_rate(options, at, all);
  if (at < warm) return options.rate * (at + 1) / warm;
  switch (options.schedule) {
    case ScheduleKind::constant:
      return options.rate;
    case ScheduleKind::step: {
      const std::int64_t drops = static_cast<std::int64_t>(step / steps_per_epoch) / options.step_epochs;
      return options.rate * std::pow(options.step_factor, static_cast<double>(drops));
    }
    case ScheduleKind::cosine:
      return options.rate * 0.5 * (1 + std::cos(std::numbers::pi * (at - warm) / (all - warm)));
    case ScheduleKind::one_cycle:
      break;
  }
  return options.rate;
}

}  // namespace halfwave
