#include "halfwave/kernel/softmax.h"

#include <algorithm>
#include <cmath>

namespace halfwave::kernel {

double log_sum_exp(const float* x, std::size_t count) {
  const auto largest = static_cast<double>(*std::max_element(x, x + count));
  if (std::isinf(largest)) return largest;
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += std::exp(static_cast<double>(x[i]) - largest);
  return largest + std::log(sum);
}

void softmax(const float* x, float* y, std::size_t count) {
  const double log_sum = log_sum_exp(x, count);
  for (std::size_t i = 0; i < count; ++i)
    y[i] = static_cast<float>(std::exp(static_cast<double>(x[i]) - log_sum));
}

}  // namespace halfwave::kernel
