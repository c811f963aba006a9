#include "halfwave/train/schedule.h"

#include <cmath>
#include <numbers>

namespace halfwave {

double scheduled_rate(const TrainOptions& options, std::uint64_t step, std::uint64_t steps_per_epoch) {
  const auto at = static_cast<double>(step);
  const double all = static_cast<double>(steps_per_epoch) * static_cast<double>(options.epochs);
  const double warm = std::floor(all * options.warm_up);
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
  }
  return options.rate;
}

}  // namespace halfwave
