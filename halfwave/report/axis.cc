#include "halfwave/report/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace halfwave {

double nice_step(double span, double count) {
  const double raw = std::max(span, 1e-12) / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * power * 1.0001) return factor * power;
  }
  return 10 * power;
}

int decimals(double step) { return std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9))); }

std::vector<Tick> ticks(double low, double high, double count) {
  const double step = nice_step(high - low, count);
  // Beyond these, powers of ten are shorter.
  const bool plain = step > 0.99e-4 && std::max(std::abs(low), std::abs(high)) < 1e6;
  constexpr double rounding = 1e-9;
  const auto first = static_cast<long>(std::ceil(low / step - rounding));
  const auto last = static_cast<long>(std::floor(high / step + rounding));
  std::vector<Tick> result;
  for (long i = first; i <= last; ++i) {
    const double value = static_cast<double>(i) * step;
    result.push_back(
        {value, plain ? fmt::format("{:.{}f}", value, decimals(step)) : fmt::format("{:g}", value)});
  }
  return result;
}

}  // namespace halfwave
