// What TensorBoard is shown of a training: an event file an epoch.
#pragma once

#include <span>
#include <string>

#include "halfwave/net/net.h"
#include "halfwave/train/trainer.h"

namespace halfwave {

// "events.out.tfevents.0000000003.halfwave", of epoch 3. A file an epoch, each written whole: a run that is
// resumed writes the same ones, and nothing is ever half there or twice.
std::string event_file_name(std::int64_t epoch);

// At the step of the epoch's number: loss and accuracy (R2) of training and test, rate; where the training
// was watched, by layer zeros, dead and saturated units, gradient; histograms of all weights; and, of a net
// that takes pictures, the filters of its first convolution and the maps that they make of the example (as
// the net sees it; may be empty).
std::string training_events(const EpochResult& result, Net& net, std::span<const float> example,
                            bool regression, double wall_time);

}  // namespace halfwave
