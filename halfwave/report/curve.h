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
// shares from 0 to 1 (regression: R2). Where the training was watched (epoch_health.h) there follow, for each
// layer, "conv1.zeros,conv1.dead,conv1.dying,conv1.saturated,conv1.revived" (a share from 0 to 1, and numbers
// of units) and "conv1.gradient" (norm); nothing in an epoch that was not watched.
std::string results_csv(std::span<const EpochResult> history);

}  // namespace halfwave
