#include "halfwave/report/plot_panel.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace halfwave {
namespace {

using Function = double (Activation::*)(double) const;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double points = 500;  // over the whole range: more than a panel has pixels

bool jumps(double left, double right) {
  return std::abs(left - right) > 1e-9 * std::max({1.0, std::abs(left), std::abs(right)});
}

PlotCurve sampled(const Activation& activation, Function function, PlotRange range) {
  PlotCurve curve;
  const auto sample = [&](double from, double to) {
    if (curve.empty() || jumps(curve.back().back().y, (activation.*function)(from))) curve.emplace_back();
    const int count = static_cast<int>(std::ceil(points * (to - from) / (range.high - range.low)));
    for (int i = 0; i <= count; ++i) {
      const double x = i < count ? from + (to - from) * i / count : to;
      curve.back().push_back({x, (activation.*function)(x)});
    }
  };
  double from = range.low;
  std::array<double, max_activation_kinks> storage;
  for (const double kink : activation.kinks(storage)) {
    if (kink <= range.low || kink >= range.high) continue;
    sample(from, std::nextafter(kink, -infinity));
    from = std::nextafter(kink, infinity);
  }
  sample(from, range.high);
  return curve;
}

double largest_magnitude(const PlotCurve& curve) {
  double largest = 0;
  for (const PlotLine& line : curve) {
    for (const PlotPoint& point : line) largest = std::max(largest, std::abs(point.y));
  }
  return largest;
}

// usual: what is shown of y in any case, if a curve gets there; of more, only what every curve has.
PlotPanel panel(std::span<const Activation> activations, Function function, PlotRange range, double usual) {
  PlotPanel result{.x = range};
  double shared = infinity;
  for (const Activation& activation : activations) {
    result.curves.push_back(sampled(activation, function, range));
    shared = std::min(shared, largest_magnitude(result.curves.back()));
  }
  const double limit = std::max(usual, shared);
  for (const PlotCurve& curve : result.curves) {
    for (const PlotLine& line : curve) {
      for (const PlotPoint& point : line) {
        result.low = std::min(result.low, std::max(point.y, -limit));
        result.high = std::max(result.high, std::min(point.y, limit));
      }
    }
  }
  if (result.low == result.high) result.high = 1;
  const double margin = 0.04 * (result.high - result.low);
  result.low -= margin;
  result.high += margin;
  return result;
}

}  // namespace

PlotPanels plot_panels(std::span<const Activation> activations, PlotRange range) {
  assert(!activations.empty() && activations.size() <= max_plotted_activations);
  assert(range.low >= -PlotRange::limit && range.high <= PlotRange::limit);
  assert(range.high - range.low >= PlotRange::shortest * 0.999);
  // As far as the identity gets, and twice its slope.
  return {panel(activations, &Activation::value, range, std::max(std::abs(range.low), std::abs(range.high))),
          panel(activations, &Activation::slope, range, 2)};
}

}  // namespace halfwave
