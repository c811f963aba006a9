// Rules on how a training begins and goes, those of SageMaker Debugger that look at more than one moment or
// at a net that has learned nothing yet.
#pragma once

#include <span>
#include <vector>

#include "halfwave/inspect/finding.h"
#include "halfwave/train/trainer.h"

namespace halfwave {

// Of a net as it starts: what is wrong with its first weights. With the last linear layers left alone, which
// give scores.
//   poor_weight_initialization: the values of the layers vary by more than Thresholds::variance_ratio of each
//   other (as variances), or the gradient of a layer spreads over less than Thresholds::gradient_spread.
std::vector<Finding> find_start_faults(const Inspection& untrained, const Thresholds& thresholds = {});

// By the table of epochs, up to its last row:
//   loss_not_decreasing: in none of the last 10 epochs (of all but the first where there are fewer) was the
//   training loss lower, by the share Thresholds::loss_decrease, than the lowest before them. An epoch's loss
//   is the mean over its steps: that of single batches is noise.
//   overfit: the test loss is above that of training by more than the share Thresholds::overfit, and has not
//   been lower than before for 3 epochs. (SageMaker's rule asks for the first alone, which most trainings
//   that go well meet.)
std::vector<Finding> find_training_faults(std::span<const EpochResult> history,
                                          const Thresholds& thresholds = {});

// All that these sets have rules for: in units and gradients, and behind that in the table of epochs
// (RuleSet::sagemaker), which may be empty.
std::vector<Finding> find_faults(const Inspection& inspection, std::span<const EpochResult> history,
                                 const std::vector<RuleSet>& sets, const Thresholds& thresholds = {});

}  // namespace halfwave
