// The health of a net's units on real data: what fires, what is silent, what is saturated, and what gradient
// arrives where. One pass over the data, forward as in inference, nothing of it kept; and a few batches
// forward and backward as in training (batch statistics, dropout) for the gradients.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "halfwave/data/dataset.h"
#include "halfwave/inspect/layer_gradient.h"
#include "halfwave/train/evaluation.h"
#include "halfwave/train/model.h"
#include "halfwave/train/options.h"

namespace halfwave {

// How many values lie where, by magnitude: [least, 2 least), [2 least, 4 least), ... of either sign, and what
// is nearer to 0. The last ones hold all beyond, the infinities too; a NaN is in none.
struct Histogram {
  static constexpr int octaves = 20;
  static constexpr int least_exponent = -10;
  static constexpr double least = 1.0 / 1024;

  std::array<std::int64_t, octaves> negative{}, positive{};
  std::int64_t small = 0;

  void add(float value);
  Histogram& operator+=(const Histogram& other);
};

// A unit is a channel of a layer's maps, or an output of a linear layer. What it gives is what comes out of
// the activation behind it. Shares are from 0 to 1. Values that are not finite are counted, and left out of
// the rest.
struct UnitHealth {
  double zero_share = 0;    // of its values (APoZ: Hu et al. 2016, equation 1, where the activation is relu)
  double active_share = 0;  // of the images: in which a value is not 0
  double saturated_share = 0;  // of its values, see LayerHealth::saturates
  double mean = 0, variance = 0, mean_magnitude = 0;
  float minimum = 0, maximum = 0;
  std::int64_t not_finite = 0;
  // mean_magnitude by that of the layer, plus 1e-9 (Sokar et al. 2023, equation 1).
  double dormancy_score = 0;
  double off_centre = 0;  // mean by root mean square: 0 is centred, +1 and -1 all of one sign and size
  // It is 0 for every picture with values from 0 to 255, by the bounds of bounds.h.
  bool certified_silent = false;
  // All weights into it are 0, and so is what it gives then: it is silent whatever comes.
  bool structurally_silent = false;
  Histogram histogram{};  // of the first images (InspectOptions::histogram_images)
};

struct LayerHealth {
  std::string name;        // of the layer that has the weights, as "conv1"
  std::string kind;        // its type: "conv", "linear", "add"
  std::string activation;  // its text; "linear" where none follows
  bool saturates = false;  // the slope tends to 0 on both sides; saturated: it is below saturated_slope
  bool can_rest = false;   // its activation gives exact zeros, and not by rounding, as sigmoid does
  std::vector<UnitHealth> units{};
  double zero_share = 0;      // of all its values
  double mean_magnitude = 0;  // of all its values
  // Mean of all its values by the root of their mean square: 0 is centred, 1 all of one sign and size.
  double off_centre = 0;
  double variance = 0;    // of all its values
  Histogram histogram{};  // the sum of its units'

  // As backward computes it, from a y that is rounded: |x| above about 9 for tanh, 16 for sigmoid.
  static constexpr double saturated_slope = 1e-7;
};

struct Inspection {
  LossSum sum;                           // over the images
  std::int64_t gradient_images = 0;      // of which gradients are
  std::vector<LayerHealth> layers;       // from first to last
  std::vector<LayerGradient> gradients;  // of the layers that have weights, from first to last

  // norm of the first by that of the last; nothing where there are fewer than two, or the last is 0.
  std::optional<double> gradient_ratio() const;
};

struct InspectOptions {
  std::int64_t batch = 64;            // images at a time
  std::int64_t images = 0;            // at most, drawn from all (always the same ones); 0: all
  std::int64_t gradient_batches = 4;  // drawn so too; 0: no gradients
  std::int64_t gradient_batch = 32;   // images of each: the memory of a training step of so many
  std::int64_t histogram_images = 100;
  // Only the batches for the gradients, and what the units give in them: with the batch statistics and
  // dropout of training. For a net that has not learned, whose running statistics say nothing.
  bool as_in_training = false;
  // What the net was trained with, for LayerGradient::update_ratio. Costs memory as a training does.
  std::optional<TrainOptions> training{};
  KernelChoice kernels = KernelChoice::automatic;
};

// Error where data and net do not fit. Callbacks as in evaluate(); where on_batch returns false, what has
// been seen so far counts, and there are no gradients. Uses the pool of threads itself; the net must not
// change meanwhile.
Inspection inspect(const Net& net, const std::shared_ptr<const Dataset>& data, const ModelInfo& info,
                   const InspectOptions& options = {}, const EvaluationCallbacks& callbacks = {});

}  // namespace halfwave
