#include "halfwave/activation/polynomial_table.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

namespace halfwave::catalogue {
namespace {

// How far f(x) is from the nearest float, in units in its last place.
double rounding(double value) {
  if (value == 0) return 0;
  const double unit = std::ldexp(1.0, std::ilogb(value) - 23);
  return std::abs(value - static_cast<double>(static_cast<float>(value))) / unit;
}

using Function = std::function<double(double)>;

// A float near x where f is almost a float.
float point_near(double x, const Function& f) {
  constexpr double enough = 1.0 / 128;
  constexpr int tries = 256;
  const double step = 16.0 * std::numeric_limits<float>::epsilon() * std::abs(x);
  auto best = static_cast<float>(x);
  double least = rounding(f(best));
  for (int i = 1; i < tries && x != 0 && least > enough; ++i) {
    for (const double way : {i * step, -i * step}) {
      const auto point = static_cast<float>(x + way);
      const double lost = rounding(f(point));
      if (lost < least) {
        least = lost;
        best = point;
      }
    }
  }
  return best;
}

// Where the polynomial from low to high has its point: nearer to the end where f is smaller, for what is
// added there not to be larger than the sum (with its rounding errors). x - point may be rounded, but by less
// than f's error.
float point_between(double low, double high, const Function& f) {
  const double at_low = std::abs(f(low));
  const double at_high = std::abs(f(high));
  const double share = at_low == at_high ? 0.5 : at_low / (at_low + at_high);
  return point_near(low + share * (high - low), f);
}

// The coefficients of the polynomial through (at[i], value[i]), by Newton's divided differences.
std::vector<double> interpolation(const std::vector<double>& at, const std::vector<double>& value) {
  const std::size_t count = at.size();
  std::vector<double> difference = value;
  for (std::size_t i = 1; i < count; ++i) {
    for (std::size_t k = count - 1; k >= i; --k) {
      difference[k] = (difference[k] - difference[k - 1]) / (at[k] - at[k - i]);
    }
  }
  std::vector<double> coefficients(count);
  for (std::size_t i = count; i-- > 0;) {
    for (std::size_t k = count - 1; k > 0; --k)
      coefficients[k] = coefficients[k - 1] - at[i] * coefficients[k];
    coefficients[0] = difference[i] - at[i] * coefficients[0];
  }
  return coefficients;
}

}  // namespace

void fit(const TableShape& shape, const Function& function, std::span<TableRow> rows) {
  const auto f = [&](double x) { return function(shape.mirrored ? -x : x); };
  for (int piece = shape.first; piece < shape.first + static_cast<int>(table_pieces); ++piece) {
    // A table that begins at 0 is for no arguments below.
    const double middle = piece * shape.spacing;
    const double low = piece == 0 && shape.first == 0 ? 0 : middle - shape.spacing / 2;
    const double high = middle + shape.spacing / 2;
    const float point = piece == 0 && f(0) == 0 ? 0 : point_between(low, high, f);
    const double value = f(point);
    // f(point + r) = value + r g(r), and a polynomial for g; its error is then least where r is.
    std::vector<double> r;
    std::vector<double> g;
    for (std::size_t i = 0; i < shape.degree; ++i) {
      const double angle =
          std::numbers::pi * (2.0 * static_cast<double>(i) + 1) / (2.0 * static_cast<double>(shape.degree));
      double at = (low + high) / 2 - point + std::cos(angle) * (high - low) / 2;
      // Not where the quotient would be one of rounding errors.
      if (std::abs(at) < shape.spacing / 1024) at = shape.spacing / 1024;
      r.push_back(at);
      g.push_back((f(point + at) - value) / at);
    }
    const std::vector<double> coefficients = interpolation(r, g);
    const std::size_t index = static_cast<std::uint32_t>(piece) % table_pieces;
    rows[0][index] = point;
    rows[1][index] = static_cast<float>(value);
    for (std::size_t k = 0; k < shape.degree; ++k) rows[2 + k][index] = static_cast<float>(coefficients[k]);
  }
}

}  // namespace halfwave::catalogue
