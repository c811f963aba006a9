#include "halfwave/data/normalisation.h"

#include <algorithm>
#include <cmath>

#include "halfwave/base/error.h"
#include "halfwave/base/parallel.h"

namespace halfwave {
namespace {

constexpr std::size_t run_length = 48;     // values; whole pixels of 1 and 3 channels, whole vectors
constexpr std::size_t part_examples = 64;  // summed in one go

// Of a channel: count, mean, and the sum of squared distances from the mean.
struct Moments {
  double count = 0;
  double mean = 0;
  double squares = 0;

  // Chan, Golub and LeVeque 1979, "Updating formulae and a pairwise algorithm", equations 2.1.
  void add(const Moments& other) {
    if (other.count == 0) return;
    const double all = count + other.count;
    const double distance = other.mean - mean;
    mean += distance * other.count / all;
    squares += other.squares + distance * distance * count * other.count / all;
    count = all;
  }
};

Moments moments_of(const std::vector<float>& values, std::size_t channel, std::size_t channels) {
  const std::size_t pixels = values.size() / channels;
  const auto count = static_cast<double>(pixels);
  double sum = 0;
  for (std::size_t i = channel; i < values.size(); i += channels) sum += static_cast<double>(values[i]);
  Moments result{.count = count, .mean = sum / count};
  for (std::size_t i = channel; i < values.size(); i += channels) {
    const double distance = static_cast<double>(values[i]) - result.mean;
    result.squares += distance * distance;
  }
  return result;
}

float deviation_of(const Moments& all) {
  // What rounding leaves of a constant channel is far below this.
  const bool constant = all.squares <= 1e-24 * all.count * all.mean * all.mean;
  return constant ? 1 : static_cast<float>(std::sqrt(all.squares / all.count));
}

// A row a part of the examples, each of a channel after another.
std::vector<Moments> moments_of_parts(const Dataset& data, std::size_t channels) {
  const std::size_t parts = (data.size() + part_examples - 1) / part_examples;
  std::vector<Moments> result(parts * channels);
  parallel_for(parts, 1, [&](std::size_t begin, std::size_t end, int) {
    std::vector<float> values(data.shape().size());
    for (std::size_t i = begin * part_examples; i < std::min(end * part_examples, data.size()); ++i) {
      data.get(i, values.data());
      for (std::size_t c = 0; c < channels; ++c)
        result[i / part_examples * channels + c].add(moments_of(values, c, channels));
    }
  });
  return result;
}

}  // namespace

Normalisation measure_normalisation(const Dataset& data) {
  const auto channels = static_cast<std::size_t>(data.shape().channels);
  const std::vector<Moments> parts = moments_of_parts(data, channels);
  Normalisation result;
  for (std::size_t c = 0; c < channels; ++c) {
    Moments all;
    for (std::size_t i = c; i < parts.size(); i += channels) all.add(parts[i]);
    result.mean.push_back(static_cast<float>(all.mean));
    result.deviation.push_back(deviation_of(all));
  }
  return result;
}

Normalisation measure_target(const Dataset& data) {
  Moments all;
  for (std::size_t i = 0; i < data.size(); ++i)
    all.add({.count = 1, .mean = static_cast<double>(data.target(i)), .squares = 0});
  return {.mean = {static_cast<float>(all.mean)}, .deviation = {deviation_of(all)}};
}

Normaliser::Normaliser(const Normalisation& normalisation, std::int64_t channels)
    : channels_(static_cast<std::size_t>(channels)) {
  const auto& [means, deviations] = normalisation;
  if (means.size() != channels_ || deviations.size() != channels_) {
    fail("normalisation: expected a mean and a deviation for each of {} channels, got {} and {}", channels,
         means.size(), deviations.size());
  }
  for (std::size_t c = 0; c < channels_; ++c) {
    if (!std::isfinite(means[c]) || !std::isfinite(deviations[c]) || deviations[c] <= 0) {
      fail(
          "normalisation: expected finite numbers and a deviation above 0, got mean {} and deviation {} of "
          "channel {}",
          means[c], deviations[c], c);
    }
  }
  do {
    means_.insert(means_.end(), means.begin(), means.end());
    for (const float deviation : deviations) factors_.push_back(1 / deviation);
  } while (means_.size() < run_length);
}

void Normaliser::apply(float* x, std::size_t count) const {
  const std::size_t run = means_.size();
  for (std::size_t left = count * channels_; left > 0;) {
    const std::size_t part = std::min(left, run);
    for (std::size_t i = 0; i < part; ++i) x[i] = (x[i] - means_[i]) * factors_[i];
    x += part;
    left -= part;
  }
}

}  // namespace halfwave
