// Pixels (0 to 255) to the values a network sees: x = (pixel / 255 - mean) / deviation, channel by channel.
// The same for training, measuring and predicting, so a model file keeps the numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "halfwave/data/dataset.h"

namespace halfwave {

// One value a channel each, of pixel / 255.
struct Normalisation {
  std::vector<float> mean;
  std::vector<float> deviation;
  bool operator==(const Normalisation&) const = default;
};

// Mean and standard deviation of each channel over all pixels of all images, from exact integer sums; the
// deviation of a channel that never changes is given as 1. Passes on what get() throws.
Normalisation measure_normalisation(const Dataset& data);

// A normalisation made ready for use. Thread-safe.
class Normaliser {
 public:
  // Error when there is not one mean and one deviation a channel, or one is not finite, or a deviation is not
  // > 0.
  Normaliser(const Normalisation& normalisation, std::int64_t channels);

  // Writes count pixels (count x channels values) to x.
  void apply(const std::uint8_t* pixels, std::size_t count, float* x) const;

 private:
  std::size_t channels_;
  std::vector<float> table_;  // 256 values a channel
};

}  // namespace halfwave
