// Looks for a learning rate by short trainings of the same start on the same batches.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "halfwave/net/spec.h"
#include "halfwave/train/trainer.h"

namespace halfwave {

struct RateTrial {
  double rate;
  double loss;  // mean over the last quarter of the steps; infinite where it stopped being finite
};

struct RateSearch {
  double best = 0;
  std::vector<RateTrial> trials{};  // by rising rate
};

// Tries half powers of ten around options.rate (0: the default), and goes on in the direction in which the
// loss falls, to a thousand times more or less at most. Each trial takes so many steps, over which the
// schedule runs its whole course, as the options say otherwise. In the first epoch the loss of a batch is
// taken before anything was learned from it: what is chosen by it owes nothing to the test images.
// progress(trials done, share of the present one), if given, may return false: then best is 0. Error when
// every rate fails.
RateSearch search_rate(const NetSpec& net, const DataPair& data, TrainOptions options, std::int64_t steps,
                       const std::function<bool(std::size_t, double)>& progress = {});

}  // namespace halfwave
