// What was seen of a net's units and gradients in some of the steps of an epoch (inspect/watch.h), and the
// counts that it comes from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace halfwave {

// Of an epoch, a layer: units as in inspect/health.h. Where a max-pool follows the activation, of what that
// leaves.
struct LayerWatch {
  std::string name;
  std::int64_t units = 0;
  std::int64_t images = 0;     // that were looked at
  std::int64_t dead = 0;       // units that were active on none of them
  std::int64_t dying = 0;      // on some, but fewer than 1 %
  std::int64_t silent = 0;     // dead, and not seen active for 3 epochs or more
  std::int64_t saturated = 0;  // more than 99 % of their values were
  std::int64_t revived = 0;    // units that began anew at its end (TrainOptions::revive)
  double zero_share = 0;       // of all values
};

// Of an epoch, the gradient by the weights of a layer: means over the steps that were looked at.
struct GradientWatch {
  std::string name;
  double norm = 0;
  double zero_share = 0;  // of the weights: whose gradient is exactly 0
};

// Empty where nothing was watched, or too little for a judgement.
struct EpochHealth {
  std::vector<LayerWatch> layers;        // from first to last
  std::vector<GradientWatch> gradients;  // of the layers that have weights
};

// Counted since the last judgement.
struct LayerTally {
  std::int64_t images = 0;
  std::int64_t values = 0;                  // of each unit
  std::int64_t zeros = 0;                   // of all units
  std::vector<std::int64_t> active{};       // by unit: images
  std::vector<std::int64_t> saturated{};    // by unit: values
  std::vector<std::int64_t> last_active{};  // by unit: the epoch, from 1, in which it was last seen active
};

struct HealthTally {
  std::int64_t epoch = 0;  // of the last look, from 1
  std::int64_t looks = 0;
  std::vector<LayerTally> layers;
  std::vector<GradientWatch> gradients;  // sums over the looks
};

}  // namespace halfwave
