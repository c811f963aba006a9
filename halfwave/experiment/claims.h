// The experiments, one a file.
#pragma once

#include "halfwave/experiment/experiment.h"

namespace halfwave::experiment {

extern const Experiment alexnet;
extern const Experiment vanishing;
extern const Experiment cost;
extern const Experiment sparsity;
extern const Experiment centring;
extern const Experiment dying;
extern const Experiment output;

}  // namespace halfwave::experiment
