// Going on from a trained model with other data: its layers keep what they have learned, the last one begins
// anew where the classes are others.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "halfwave/data/dataset.h"
#include "halfwave/train/model.h"
#include "halfwave/train/options.h"

namespace halfwave {

// The model's net with as many outputs as the data have classes. Error when the data have another shape, or
// the last layer is not linear and cannot be changed.
NetSpec fine_tuned(const Model& model, const Dataset& data);

// The names of the net's layers that the model says nothing of (by name and size of their tensors), and of
// the last one with weights if the data's classes are not the model's: those begin anew.
std::vector<std::string> fresh_layers(Model& model, Net& net, const Dataset& data);

// Copies the model's values to all layers of the net but the fresh ones.
void copy_values(Model& model, Net& net, std::span<const std::string> fresh);

// By node: what the rate of its layer is multiplied by, as options.fresh, freeze and old_rate say. Empty
// where all are alike. Error for the name of a layer that the net does not have.
std::vector<float> rate_factors(const Net& net, const TrainOptions& options);

}  // namespace halfwave
