// The values of examples to those a network sees: x = (value - mean) / deviation, channel by channel.
// The same for training, measuring and predicting, so a model file keeps the numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "halfwave/data/dataset.h"

namespace halfwave {

// One number a channel each; for pictures of values from 0 to 1.
struct Normalisation {
  std::vector<float> mean;
  std::vector<float> deviation;
  bool operator==(const Normalisation&) const = default;
};

// Mean and standard deviation of each channel over all pixels of all examples; the deviation of a channel
// that never changes is given as 1. Summed in double, a part of the examples after another: the same bits for
// any number of threads. Passes on what get() throws.
Normalisation measure_normalisation(const Dataset& data);

// The same of a number to be learned.
Normalisation measure_target(const Dataset& data);

// A normalisation made ready for use. Thread-safe.
class Normaliser {
 public:
  // Error when there is not one mean and one deviation a channel, or one is not finite, or a deviation is not
  // > 0.
  Normaliser(const Normalisation& normalisation, std::int64_t channels);

  // Changes count pixels (count x channels values) in place.
  void apply(float* x, std::size_t count) const;

 private:
  std::size_t channels_;
  // Of a run of whole pixels, long enough for vectors.
  std::vector<float> means_;
  std::vector<float> factors_;  // 1 / deviation
};

}  // namespace halfwave
