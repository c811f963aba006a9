#include "halfwave/train/rate_search.h"

#include <cmath>
#include <limits>
#include <map>

#include "halfwave/train/schedule.h"

namespace halfwave {
namespace {

constexpr int farthest = 6;  // half powers of ten from the first rate
constexpr double infinite = std::numeric_limits<double>::infinity();

}  // namespace

RateSearch search_rate(const NetSpec& net, const DataPair& data, TrainOptions options, std::int64_t steps,
                       const std::function<bool(std::size_t, double)>& progress) {
  options.resolve();
  std::map<int, RateTrial> trials;  // by half powers of ten
  bool stopped = false;
  const auto try_power = [&](int power) {
    TrainOptions tried = options;
    tried.rate *= std::pow(10.0, power / 2.0);
    tried.epochs = 1;
    Net fresh(net);
    Trainer trainer(fresh, data, tried);
    LossSum sum;
    RateTrial trial{.rate = tried.rate, .loss = infinite};
    for (std::int64_t step = 0; step < steps && !stopped; ++step) {
      const auto count = static_cast<std::uint64_t>(step);
      const LossSum batch = trainer.try_rate(scheduled_rate(tried, count, static_cast<std::uint64_t>(steps)));
      if (!std::isfinite(batch.loss)) return trial;
      if (4 * step >= 3 * steps) sum += batch;
      stopped =
          progress && !progress(trials.size(), static_cast<double>(step + 1) / static_cast<double>(steps));
    }
    trial.loss = sum.mean_loss();
    return trial;
  };
  const auto loss = [&](int power) {
    const auto at = trials.find(power);
    return at == trials.end() ? infinite : at->second.loss;
  };
  int best = 0;
  // Until what is best has been beaten by neither neighbour.
  while (!stopped) {
    int next = best;
    for (const int power : {best, best - 1, best + 1}) {
      if (std::abs(power) <= farthest && !trials.contains(power)) {
        next = power;
        break;
      }
    }
    if (trials.contains(next)) break;
    trials.emplace(next, try_power(next));
    // Where all failed so far, a lower rate may do.
    const bool better = loss(next) < loss(best);
    if (better || (std::isinf(loss(best)) && next < best)) best = next;
  }
  RateSearch search;
  for (const auto& [power, trial] : trials) search.trials.push_back(trial);
  if (stopped) return search;
  if (std::isinf(loss(best))) {
    throw LossNotFinite(
        fmt::format("with every learning rate from {:.2g} to {:.2g} the loss stops being finite",
                    search.trials.front().rate, search.trials.back().rate));
  }
  search.best = trials.at(best).rate;
  return search;
}

}  // namespace halfwave
