// The learning curve of a run as a picture and as a table.
#pragma once

#include <span>
#include <string>

#include "halfwave/train/trainer.h"

namespace halfwave {

// An SVG picture: loss above, accuracy (regression: R2) below, of training and test, by epoch. At least one
// epoch.
std::string learning_curve_svg(std::span<const EpochResult> history, const std::string& title,
                               bool regression);

// "epoch,train_loss,train_accuracy,test_loss,test_accuracy,rate,seconds" and a line an epoch; accuracies are
// shares from 0 to 1 (regression: R2).
std::string results_csv(std::span<const EpochResult> history);

}  // namespace halfwave
