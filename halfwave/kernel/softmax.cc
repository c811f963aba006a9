#include "halfwave/kernel/softmax.h"

#include <cmath>

namespace halfwave::kernel {

namespace {

// NaN if any x is.
double largest_of(const float* x, std::size_t count) {
  float largest = x[0];
  for (std::size_t i = 1; i < count; ++i) {
    if (x[i] > largest || std::isnan(x[i])) largest = x[i];
  }
  return static_cast<double>(largest);
}

double sum_exp(const float* x, std::size_t count, double largest) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += std::exp(static_cast<double>(x[i]) - largest);
  return sum;
}

}  // namespace

double log_sum_exp(const float* x, std::size_t count) {
  const double largest = largest_of(x, count);
  if (!std::isfinite(largest)) return largest;
  return largest + std::log(sum_exp(x, count, largest));
}

void softmax(const float* x, float* y, std::size_t count) {
  // Not by log_sum_exp: beside an x of 1e16 the logarithm is lost.
  const double largest = largest_of(x, count);
  const double sum = sum_exp(x, count, largest);
  for (std::size_t i = 0; i < count; ++i) {
    y[i] = static_cast<float>(std::exp(static_cast<double>(x[i]) - largest) / sum);
  }
}

}  // namespace halfwave::kernel
