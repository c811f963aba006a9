// The learning rate by step.
#pragma once

#include <cstdint>

#include "halfwave/train/options.h"

namespace halfwave {

// The rate of step `step` (from 0) of `steps_per_epoch` x options.epochs: it rises linearly over the warm-up
// (step k of W has (k + 1) / W of it), then stays, falls in steps, or falls as half a cosine to 0
// (Loshchilov and Hutter 2017, equation 5, without restarts). one_cycle (Smith and Topin 2018, as PyTorch's
// OneCycleLR has it, but for its cycling of the momentum): it rises as half a cosine from 1/25 of the rate,
// and falls as another to 1/250,000.
double scheduled_rate(const TrainOptions& options, std::uint64_t step, std::uint64_t steps_per_epoch);

}  // namespace halfwave
