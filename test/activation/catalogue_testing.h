// What the tests of the catalogue share: every activation with default and with other parameters, a dense
// sample of all floats, slopes. No activation is known by name.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/instruction_sets.h"
#include "halfwave/activation/activation.h"

namespace halfwave {

inline constexpr float float_nan = std::numeric_limits<float>::quiet_NaN();
inline constexpr float float_infinity = std::numeric_limits<float>::infinity();
inline constexpr float float_largest = std::numeric_limits<float>::max();
inline constexpr float float_tiniest = std::numeric_limits<float>::denorm_min();

inline std::vector<Activation> defaults() {
  std::vector<Activation> all;
  for (const ActivationInfo* info : activations()) all.push_back(Activation::parse(info->name));
  return all;
}

// Those with parameters once more, with all parameters scaled: by no power of two, so that products round.
inline std::vector<Activation> variants() {
  std::vector<Activation> all = defaults();
  for (const ActivationInfo* info : activations()) {
    if (info->parameters.empty()) continue;
    for (const float scale : {0.3F, 1.37F}) {
      std::string text(info->name);
      char separator = ':';
      for (const ActivationParameter& parameter : info->parameters) {
        text += fmt::format("{}{}={}", separator, parameter.name,
                            std::clamp(parameter.initial * scale, parameter.minimum, parameter.maximum));
        separator = ',';
      }
      all.push_back(Activation::parse(text));
    }
  }
  return all;
}

inline std::vector<double> kinks_of(const Activation& activation) {
  std::array<double, max_activation_kinks> storage;
  const std::span<const double> kinks = activation.kinks(storage);
  return {kinks.begin(), kinks.end()};
}

// Every stride-th float of all magnitudes and both signs, and the neighbourhood of special ones; no NaN, no
// infinity.
inline std::vector<float> float_sample(const Activation& activation, std::uint32_t stride) {
  const auto infinity_bits = std::bit_cast<std::uint32_t>(float_infinity);
  std::vector<float> sample;
  const auto add = [&](std::uint32_t magnitude) {
    if (magnitude >= infinity_bits) return;
    sample.push_back(std::bit_cast<float>(magnitude));
    sample.push_back(std::bit_cast<float>(magnitude | 0x80000000U));
  };
  for (std::uint32_t bits = 0; bits < infinity_bits; bits += stride) add(bits);
  std::vector<float> centres = {1, 0.5F, 2, 3, 1.4142135F, 10, 12.5F, 15, 16.6F, 87.3F, 88.7F, 103.9F, 150,
                                // The reaches of near formulas, and where they cut their argument.
                                6.125F, 6.25F, 7.25F, 8, 8.7F, 9, 9.5F, 13, 15.5F, 80, 2048, 4096, 0x1p40F};
  for (const double kink : kinks_of(activation)) centres.push_back(static_cast<float>(std::abs(kink)));
  for (const float centre : centres) {
    const auto bits = std::bit_cast<std::uint32_t>(centre);
    for (std::uint32_t i = 0; i <= 64; ++i) {
      add(bits + i);
      if (bits >= i) add(bits - i);
    }
  }
  for (std::uint32_t i = 0; i < 64; ++i) {
    add(i);                      // the smallest denormal numbers
    add(0x00800000U - 32 + i);   // about the smallest normal one
    add(infinity_bits - 1 - i);  // the largest
  }
  return sample;
}

inline std::vector<float> forward(const Activation& activation, const std::vector<float>& x) {
  std::vector<float> y(x.size());
  activation.forward(x.data(), y.data(), x.size());
  return y;
}

// The slopes at x as the kernels compute them: backward of ones, from what backward wants.
inline std::vector<float> float_slopes(const Activation& activation, const std::vector<float>& x) {
  const std::vector<float> saved = activation.info().backward_from_y ? forward(activation, x) : x;
  std::vector<float> slopes(x.size(), 1);
  activation.backward(saved.data(), slopes.data(), slopes.data(), x.size());
  return slopes;
}

inline float forward(const Activation& activation, float x) { return forward(activation, std::vector{x})[0]; }
inline float float_slope(const Activation& activation, float x) {
  return float_slopes(activation, std::vector{x})[0];
}

// Bit patterns, for comparisons that tell -0 from 0 and know NaN. All NaN are one.
inline std::uint32_t bits_of(float x) {
  return std::isnan(x) ? 0x7FC00000U : std::bit_cast<std::uint32_t>(x);
}
inline std::vector<std::uint32_t> bits_of(std::span<const float> x) {
  std::vector<std::uint32_t> bits;
  for (const float value : x) bits.push_back(bits_of(value));
  return bits;
}

}  // namespace halfwave
