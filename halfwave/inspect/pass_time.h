// How long nets take for an image, forward and backward, beside one another.
#pragma once

#include <span>
#include <vector>

#include "halfwave/data/dataset.h"
#include "halfwave/train/options.h"
#include "halfwave/train/trainer.h"

namespace halfwave {

struct PassTime {
  double forward = 0, backward = 0;  // seconds an image, of a training step; medians over rounds
};

// Each net in turn, in several rounds, on the same batches of the data, with the zeros that its weights make.
// Uses the pool of threads itself.
std::vector<PassTime> time_passes(std::span<const Net* const> nets, const DataPair& data,
                                  const ModelInfo& info, const TrainOptions& options);

}  // namespace halfwave
