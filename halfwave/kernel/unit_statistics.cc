#include "halfwave/kernel/unit_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"
#include "halfwave/kernel/parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/unit_statistics.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/double-inl.h"
#include "halfwave/kernel/partial-inl.h"

#ifndef HALFWAVE_UNIT_STATISTICS_COMMON
#define HALFWAVE_UNIT_STATISTICS_COMMON
namespace halfwave::kernel::units {

// By column of rows of values; room for whole vectors.
struct Columns {
  const float* centre;
  float *minimum, *maximum;
  double *distance, *squares, *magnitude, *zeros, *not_finite;
  float* others;  // not a sum: how many values of the last call are not 0
};

}  // namespace halfwave::kernel::units
#endif

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace units {
using namespace halfwave::kernel::units;
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// A column that holds values which are not finite.
void add_column(const float* x, std::size_t rows, std::size_t width, std::size_t c, const Columns& to) {
  to.others[c] = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    const float value = x[row * width + c];
    to.others[c] += value != 0 ? 1.0F : 0.0F;
    if (!std::isfinite(value)) {
      ++to.not_finite[c];
      continue;
    }
    const double distance = static_cast<double>(value) - static_cast<double>(to.centre[c]);
    to.distance[c] += distance;
    to.squares[c] += distance * distance;
    to.magnitude[c] += std::abs(static_cast<double>(value));
    to.zeros[c] += value == 0 ? 1 : 0;
    to.minimum[c] = std::min(to.minimum[c], value);
    to.maximum[c] = std::max(to.maximum[c], value);
  }
}

// rows x width values onto the columns [first, last); first is a multiple of a vector.
void add_rows(const float* x, std::size_t rows, std::size_t width, std::size_t first, std::size_t last,
              const Columns& to) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  constexpr std::size_t float_rows = 32;
  for (std::size_t c = first; c < last; c += lanes) {
    const std::size_t left = width - c;
    const V centre = hn::LoadU(d, to.centre + c);
    V minimum = hn::LoadU(d, to.minimum + c);
    V maximum = hn::LoadU(d, to.maximum + c);
    V zeros = hn::Zero(d);
    V all_squares = hn::Zero(d);
    DoubleSum distance;
    DoubleSum squares;
    DoubleSum magnitude;
    for (std::size_t row = 0; row < rows;) {
      V some_distance = hn::Zero(d);
      V some_squares = hn::Zero(d);
      V some_magnitude = hn::Zero(d);
      for (const std::size_t end = std::min(row + float_rows, rows); row < end; ++row) {
        const V value = load_first(d, x + row * width + c, left);
        const V apart = hn::Sub(value, centre);
        some_distance = hn::Add(some_distance, apart);
        some_squares = hn::MulAdd(apart, apart, some_squares);
        some_magnitude = hn::Add(some_magnitude, hn::Abs(value));
        minimum = hn::Min(minimum, value);
        maximum = hn::Max(maximum, value);
        zeros = hn::Add(zeros, hn::IfThenElseZero(hn::Eq(value, hn::Zero(d)), hn::Set(d, 1.0F)));
      }
      all_squares = hn::Add(all_squares, some_squares);
      distance.add(some_distance);
      squares.add(some_squares);
      magnitude.add(some_magnitude);
    }
    if (!hn::AllTrue(d, hn::IsFinite(all_squares))) {
      for (std::size_t i = c; i < std::min(c + lanes, width); ++i) add_column(x, rows, width, i, to);
      continue;
    }
    distance.add_to(to.distance + c);
    squares.add_to(to.squares + c);
    magnitude.add_to(to.magnitude + c);
    DoubleSum more_zeros;
    more_zeros.add(zeros);
    more_zeros.add_to(to.zeros + c);
    hn::StoreU(minimum, d, to.minimum + c);
    hn::StoreU(maximum, d, to.maximum + c);
    hn::StoreU(hn::Sub(hn::Set(d, static_cast<float>(rows)), zeros), d, to.others + c);
  }
}

}  // namespace units

void add_unit_rows(const float* x, std::size_t rows, std::size_t width, std::size_t first, std::size_t last,
                   const halfwave::kernel::units::Columns& to) {
  units::add_rows(x, rows, width, first, last, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

HWY_EXPORT(add_unit_rows);

constexpr std::size_t widest = 16;  // floats of a vector: a line of the cache, hence whole_lines() below

// Of sums, beside a centre and the place for what is not 0.
template <class Sums>
units::Columns columns_of(const std::vector<float>& centre, Sums& sums, std::vector<float>& others) {
  return {centre.data(),        sums.minimum.data(),    sums.maximum.data(),
          sums.distance.data(), sums.squares.data(),    sums.magnitude.data(),
          sums.zeros.data(),    sums.not_finite.data(), others.data()};
}

}  // namespace

UnitStatistics::Sums::Sums(std::size_t columns)
    : minimum(whole_lines(columns)),
      maximum(whole_lines(columns)),
      distance(whole_lines(columns)),
      squares(whole_lines(columns)),
      magnitude(whole_lines(columns)),
      zeros(whole_lines(columns)),
      not_finite(whole_lines(columns)) {
  clear();
}

void UnitStatistics::Sums::clear() {
  std::fill(minimum.begin(), minimum.end(), std::numeric_limits<float>::infinity());
  std::fill(maximum.begin(), maximum.end(), -std::numeric_limits<float>::infinity());
  for (auto* sum : {&distance, &squares, &magnitude, &zeros, &not_finite})
    std::fill(sum->begin(), sum->end(), 0);
}

UnitStatistics::UnitStatistics(std::size_t units)
    : units_(units),
      together_(units < 2 * widest ? widest / std::gcd(units, widest) : 1),
      centre_(whole_lines(units * together_)),
      sums_(units),
      wide_(together_ > 1 ? units * together_ : 0),
      active_(whole_lines(units)) {}

// The mean of some values, rounded.
void UnitStatistics::centre_on(const float* x, std::size_t pixels) {
  for (std::size_t unit = 0; unit < units_; ++unit) {
    double sum = 0;
    double count = 0;
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      const float value = x[pixel * units_ + unit];
      if (!std::isfinite(value)) continue;
      sum += static_cast<double>(value);
      ++count;
    }
    for (std::size_t i = 0; i < together_; ++i)
      centre_[i * units_ + unit] = count > 0 ? static_cast<float>(sum / count) : 0;
  }
}

void UnitStatistics::add(const float* x, std::size_t images, std::size_t pixels) {
  if (images == 0 || pixels == 0) return;
  const bool single = pixels == 1;  // then images are rows of one
  const std::size_t parts = single ? 1 : images;
  const std::size_t rows = single ? images : pixels;
  if (images_ == 0) centre_on(x, rows);
  images_ += static_cast<std::int64_t>(images);
  values_ += static_cast<std::int64_t>(images * pixels);
  if (together_ > 1 && !single && rows >= together_) {
    add_narrow(x, parts, rows);
  } else {
    add_pixels(x, parts, rows, single);
  }
}

// parts x rows x units.
void UnitStatistics::add_pixels(const float* x, std::size_t parts, std::size_t rows, bool rows_are_images) {
  std::vector<float> others(whole_lines(units_));
  const units::Columns to = columns_of(centre_, sums_, others);
  const std::size_t grain = parallel_grain / std::max<std::size_t>(widest * parts * rows, 1) + 1;
  parallel_for(whole_lines(units_) / widest, grain, [&](std::size_t begin, std::size_t end, int) {
    const std::size_t last = std::min(end * widest, units_);
    for (std::size_t part = 0; part < parts; ++part) {
      HWY_DYNAMIC_DISPATCH(add_unit_rows)
      (x + part * rows * units_, rows, units_, begin * widest, last, to);
      for (std::size_t unit = begin * widest; unit < last; ++unit)
        active_[unit] += rows_are_images ? static_cast<double>(others[unit]) : (others[unit] > 0 ? 1 : 0);
    }
  });
}

// The same in rows of pixels side by side, which are brought together at the end; the last pixels are left.
void UnitStatistics::add_narrow(const float* x, std::size_t parts, std::size_t rows) {
  const std::size_t width = together_ * units_;
  const std::size_t whole = rows / together_;
  std::vector<float> others(whole_lines(width));
  std::vector<float> rest(whole_lines(units_));
  const units::Columns wide = columns_of(centre_, wide_, others);
  const units::Columns to = columns_of(centre_, sums_, rest);
  for (std::size_t part = 0; part < parts; ++part, x += rows * units_) {
    HWY_DYNAMIC_DISPATCH(add_unit_rows)(x, whole, width, 0, width, wide);
    HWY_DYNAMIC_DISPATCH(add_unit_rows)
    (x + whole * width, rows - whole * together_, units_, 0, units_, to);
    for (std::size_t unit = 0; unit < units_; ++unit) {
      float any = rest[unit];
      for (std::size_t i = unit; i < width; i += units_) any += others[i];
      active_[unit] += any > 0 ? 1 : 0;
    }
  }
  for (std::size_t pixel = 0; pixel < together_; ++pixel) {
    for (std::size_t unit = 0; unit < units_; ++unit) {
      const std::size_t i = pixel * units_ + unit;
      sums_.minimum[unit] = std::min(sums_.minimum[unit], wide_.minimum[i]);
      sums_.maximum[unit] = std::max(sums_.maximum[unit], wide_.maximum[i]);
      sums_.distance[unit] += wide_.distance[i];
      sums_.squares[unit] += wide_.squares[i];
      sums_.magnitude[unit] += wide_.magnitude[i];
      sums_.zeros[unit] += wide_.zeros[i];
      sums_.not_finite[unit] += wide_.not_finite[i];
    }
  }
  wide_.clear();
}

void UnitStatistics::join(const UnitStatistics& other) {
  if (other.images_ == 0) return;
  for (std::size_t unit = 0; unit < units_; ++unit) {
    // The other's distances, from this centre.
    const double n = other.finite(unit);
    const double shift = static_cast<double>(other.centre_[unit]) - static_cast<double>(centre_[unit]);
    const double distance = other.sums_.distance[unit];
    sums_.distance[unit] += distance + n * shift;
    sums_.squares[unit] += other.sums_.squares[unit] + shift * (2 * distance + n * shift);
    sums_.magnitude[unit] += other.sums_.magnitude[unit];
    sums_.zeros[unit] += other.sums_.zeros[unit];
    sums_.not_finite[unit] += other.sums_.not_finite[unit];
    sums_.minimum[unit] = std::min(sums_.minimum[unit], other.sums_.minimum[unit]);
    sums_.maximum[unit] = std::max(sums_.maximum[unit], other.sums_.maximum[unit]);
    active_[unit] += other.active_[unit];
  }
  images_ += other.images_;
  values_ += other.values_;
}

double UnitStatistics::mean(std::size_t unit) const {
  const double n = finite(unit);
  return n > 0 ? static_cast<double>(centre_[unit]) + sums_.distance[unit] / n : 0;
}

double UnitStatistics::variance(std::size_t unit) const {
  const double n = finite(unit);
  if (n == 0) return 0;
  const double distance = sums_.distance[unit] / n;
  return std::max(sums_.squares[unit] / n - distance * distance, 0.0);
}

double UnitStatistics::mean_magnitude(std::size_t unit) const {
  const double n = finite(unit);
  return n > 0 ? sums_.magnitude[unit] / n : 0;
}

float UnitStatistics::minimum(std::size_t unit) const { return finite(unit) > 0 ? sums_.minimum[unit] : 0; }
float UnitStatistics::maximum(std::size_t unit) const { return finite(unit) > 0 ? sums_.maximum[unit] : 0; }

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
