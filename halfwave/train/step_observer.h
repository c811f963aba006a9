// Looks on while a net is trained, in some of the steps.
#pragma once

#include <cstdint>

#include "halfwave/net/plan.h"
#include "halfwave/train/epoch_health.h"

namespace halfwave {

class Optimiser;

// All calls come from the thread that trains. What is counted lies in the tally, which belongs to the state
// of the run, so that a resumed run counts on.
class StepObserver {
 public:
  virtual ~StepObserver() = default;

  // Whether the step after so many updates is looked at.
  virtual bool wants(std::uint64_t step) const = 0;
  // What each step of the plan makes, forward.
  virtual void look(const Plan::Made& made) = 0;
  // The end of a step that was looked at. gradients: of the mean loss, before they are clipped, laid out as
  // net.parameters(). epoch: from 1.
  virtual void end_step(const float* gradients, std::int64_t epoch, HealthTally& tally) = 0;
  // The end of an epoch's steps, before its test. May change the net's values and the optimiser's memory.
  virtual EpochHealth end_epoch(Net& net, Optimiser& optimiser, HealthTally& tally) = 0;
};

// That a step is looked at, by whom, in which epoch (from 1), and where to count.
struct StepWatch {
  StepObserver& observer;
  std::int64_t epoch;
  HealthTally& tally;
};

}  // namespace halfwave
