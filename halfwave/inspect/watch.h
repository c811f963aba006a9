// The health of a net's units while it is trained: in some of the steps, what its units give and what
// gradient arrives is counted, and judged at the end of each epoch. Unless TrainOptions::revive starts dead
// units anew, it changes no bit of the training.
//
//   Watch watch(trainer.net(), trainer.options());
//   trainer.run({.on_epoch = [](const EpochResult& r) { ... r.health ... }, .observer = &watch});
#pragma once

#include <vector>

#include "halfwave/inspect/finding.h"
#include "halfwave/inspect/observer.h"
#include "halfwave/inspect/revival.h"
#include "halfwave/train/step_observer.h"

namespace halfwave {

// Every 16th step is looked at, which costs less than 2 % of the time (doc/measured.md).
class Watch final : public StepObserver {
 public:
  // The net must outlive it.
  Watch(const Net& net, const TrainOptions& options);

  bool wants(std::uint64_t step) const override { return step % period == 0; }
  void look(const Plan::Made& made) override { observer_.look(0, made); }
  void end_step(const float* gradients, std::int64_t epoch, HealthTally& tally) override;
  // Nothing where fewer than least_images have been looked at since it last judged: the tally is then kept.
  // Starts units anew that have been dead for options.revive epochs, where Revival can; not after the last
  // epoch, which leaves no time to learn.
  EpochHealth end_epoch(Net& net, Optimiser& optimiser, HealthTally& tally) override;

  // What the tally says so far. Nothing where it has seen fewer than least_images.
  EpochHealth judge(const HealthTally& tally) const;

  static constexpr std::uint64_t period = 16;
  static constexpr std::int64_t least_images = 100;
  static constexpr std::int64_t silent_epochs = 3;  // see LayerWatch::silent
  static constexpr double silent_share = 0.1;       // of a layer's units, above which that is a fault

 private:
  void revive(Net& net, Optimiser& optimiser, HealthTally& tally, EpochHealth& health) const;

  const Net& net_;
  Observer observer_;
  TrainOptions options_;
  Revival revival_;
};

// What is wrong by these counts: silent units, else a dead layer; a saturated one; RuleSet::autotrainer's
// rules of the gradient. The units' numbers are left out.
std::vector<Finding> find_faults(const EpochHealth& health, const Thresholds& thresholds = {});

}  // namespace halfwave
