// In double throughout: it takes no corrections for what float rounds off, and so is hardly slower.
#include "halfwave/kernel/softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/softmax.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/double-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;

constexpr std::size_t lanes() { return hn::MaxLanes(D()); }  // no target here has vectors of unknown size

// exp(x) for x <= 0, within 4e-16 (1 + |x|) of itself; 0 where that is no normal double.
HWY_INLINE V exp_negative(V x) {
  const D d;
  const hn::RebindToUnsigned<D> du;
  // Adding 1.5 * 2^52 rounds to an integer, which then stands in the lower bits: n + 1023, for them to be the
  // exponent of 2^n when shifted.
  const V shifter = hn::Set(d, 0x1.8p52 + 1023);
  const V shifted = hn::MulAdd(x, hn::Set(d, 0x1.71547652b82fep0), shifter);
  const V power = hn::BitCast(d, hn::ShiftLeft<52>(hn::BitCast(du, shifted)));
  const V r = hn::NegMulAdd(hn::Sub(shifted, shifter), hn::Set(d, 0x1.62e42fefa39efp-1), x);
  // Minimax for (exp(r) - 1 - r) / r^2 on |r| <= 0.347, relative to exp(r): 1.2e-15.
  constexpr double c[] = {0.5,
                          0.166666666666481212,
                          0.041666666666651216,
                          0.0083333333538681817,
                          0.00138888889059971594,
                          0.000198412084555853075,
                          0.000024801536157973374,
                          2.76252690955084251e-6,
                          2.76139347503020025e-7};
  V p = hn::Set(d, c[8]);
  for (std::size_t i = 8; i-- > 0;) p = hn::MulAdd(p, r, hn::Set(d, c[i]));
  const V one = hn::Set(d, 1.0);
  const V result = hn::Mul(hn::MulAdd(hn::MulAdd(p, r, one), r, one), power);
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -708.0)), result);
}

HWY_INLINE double largest_of(const float* x, std::size_t count) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  // Where one of two is NaN, either may be taken: the sum of the exponentials shows it.
  auto most = hn::Set(d, -std::numeric_limits<float>::infinity());
  if (count < lanes) {
    most = hn::IfThenElse(hn::FirstN(d, count), load_first(d, x, count), most);
  } else {
    for (std::size_t i = 0; i + lanes <= count; i += lanes) most = hn::Max(hn::LoadU(d, x + i), most);
    most = hn::Max(hn::LoadU(d, x + count - lanes), most);
  }
  return static_cast<double>(hn::GetLane(hn::MaxOfLanes(d, most)));
}

// Rows of up to this many values keep their exponentials from the sum to the result; longer ones compute them
// again.
constexpr std::size_t most_kept = 1024;

// exp(x - largest) of one row, and their sum: NaN if x holds NaN, infinity or nothing but minus infinity.
// Where one value is far above the others, their sum beside its 1 would be lost; so it is taken apart.
class Exponentials {
 public:
  HWY_INLINE Exponentials(const float* x, std::size_t count)
      : x_(x), count_(count), largest_(largest_of(x, count)) {
    V total = hn::Zero(D());
    std::size_t i = 0;
    for (; i + lanes() <= count; i += lanes()) {
      const V e = compute(load_double(x + i));
      total = hn::Add(total, e);
      if (count <= most_kept) hn::Store(e, D(), kept_ + i);
    }
    if (i < count) {
      const V e = hn::IfThenElseZero(hn::FirstN(D(), count - i), compute(load_double(x + i, count - i)));
      total = hn::Add(total, e);
      if (count <= most_kept) hn::Store(e, D(), kept_ + i);
    }
    sum_ = hn::GetLane(hn::SumOfLanes(D(), total));
  }

  HWY_INLINE double largest() const { return largest_; }
  HWY_INLINE double sum() const { return sum_; }

  // Beside infinity the logarithm of the sum is the largest x, and so is what is NaN.
  HWY_INLINE bool is_infinite() const {
    return std::isinf(largest_) && std::none_of(x_, x_ + count_, [](float x) { return std::isnan(x); });
  }

  HWY_INLINE double log_sum() const {
    if (is_infinite()) return 0;
    return one_is_far_above() ? std::log1p(sum_of_others()) : std::log(sum_);
  }

  // exp(x[i] - largest) / sum - 1
  HWY_INLINE double share_less_one(std::size_t i) const {
    const double distance = static_cast<double>(x_[i]) - largest_;
    if (is_infinite()) return std::exp(distance) - 1;
    if (distance == 0 && one_is_far_above()) return -sum_of_others() / sum_;
    return (count_ <= most_kept ? kept_[i] : std::exp(distance)) / sum_ - 1;
  }

  // y = factor times each.
  HWY_INLINE void store(double factor, float* y) const {
    const V factors = hn::Set(D(), factor);
    each([&](std::size_t i, V e) HWY_ATTR { store_float(hn::Mul(e, factors), y + i, count_ - i); });
  }

 private:
  // Then the sum of the others, beside its 1, would be rounded off.
  HWY_INLINE bool one_is_far_above() const { return sum_ < 1 + 0x1p-5; }
  HWY_INLINE double sum_of_others() const {
    V total = hn::Zero(D());
    each([&](std::size_t i, V e) HWY_ATTR {
      const auto others = hn::And(hn::Ne(e, hn::Set(D(), 1.0)), hn::FirstN(D(), count_ - i));
      total = hn::Add(total, hn::IfThenElseZero(others, e));
    });
    return hn::GetLane(hn::SumOfLanes(D(), total));
  }

  // Calls body(index of the first, vector of them); what is beyond the last is not defined.
  template <class Body>
  HWY_INLINE void each(const Body& body) const {
    if (count_ <= most_kept) {
      for (std::size_t i = 0; i < count_; i += lanes()) body(i, hn::Load(D(), kept_ + i));
    } else {
      for (std::size_t i = 0; i < count_; i += lanes()) body(i, compute(load_double(x_ + i, count_ - i)));
    }
  }

  HWY_INLINE V compute(V x) const { return exp_negative(hn::Sub(x, hn::Set(D(), largest_))); }

  const float* x_;
  std::size_t count_;
  double largest_;
  double sum_;
  HWY_ALIGN double kept_[most_kept + hn::MaxLanes(D())];
};

void softmax_rows(std::size_t rows, std::size_t count, const float* x, float* y) {
  for (; rows > 0; --rows, x += count, y += count) {
    const Exponentials e(x, count);
    e.store(1 / e.sum(), y);
  }
}

void log_softmax_rows(std::size_t rows, std::size_t count, const float* x, float* y) {
  for (; rows > 0; --rows, x += count, y += count) {
    const Exponentials e(x, count);
    const V largest = hn::Set(D(), e.largest());
    const V log_sum = hn::Set(D(), e.log_sum());
    for (std::size_t i = 0; i < count; i += lanes()) {
      // distance <= 0 <= log_sum: nothing cancels.
      const V distance = hn::Sub(load_double(x + i, count - i), largest);
      store_float(hn::Sub(distance, log_sum), y + i, count - i);
    }
  }
}

void softmax_backward_rows(std::size_t rows, std::size_t count, const float* y, const float* dy, float* dx) {
  for (; rows > 0; --rows, y += count, dy += count, dx += count) {
    V total = hn::Zero(D());
    for (std::size_t i = 0; i < count; i += lanes()) {
      total = hn::MulAdd(load_double(y + i, count - i), load_double(dy + i, count - i), total);
    }
    const V sum = hn::SumOfLanes(D(), total);
    for (std::size_t i = 0; i < count; i += lanes()) {
      const V distance = hn::Sub(load_double(dy + i, count - i), sum);
      store_float(hn::Mul(load_double(y + i, count - i), distance), dx + i, count - i);
    }
  }
}

void log_softmax_backward_rows(std::size_t rows, std::size_t count, const float* y, const float* dy,
                               float* dx) {
  for (; rows > 0; --rows, y += count, dy += count, dx += count) {
    V total = hn::Zero(D());
    for (std::size_t i = 0; i < count; i += lanes()) {
      total = hn::Add(total, load_double(dy + i, count - i));
    }
    const V sum = hn::SumOfLanes(D(), total);
    for (std::size_t i = 0; i < count; i += lanes()) {
      const V share = exp_negative(load_double(y + i, count - i));
      store_float(hn::NegMulAdd(share, sum, load_double(dy + i, count - i)), dx + i, count - i);
    }
  }
}

double cross_entropy_row(std::size_t count, const float* x, std::size_t label, double share,
                         float* gradient) {
  const Exponentials e(x, count);
  if (gradient != nullptr) {
    e.store(e.is_infinite() ? share : share / e.sum(), gradient);
    gradient[label] = static_cast<float>(e.share_less_one(label) * share);
  }
  return e.log_sum() - (static_cast<double>(x[label]) - e.largest());
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

HWY_EXPORT(softmax_rows);
HWY_EXPORT(log_softmax_rows);
HWY_EXPORT(softmax_backward_rows);
HWY_EXPORT(log_softmax_backward_rows);
HWY_EXPORT(cross_entropy_row);

// Up to this many values in a row are not worth a vector.
constexpr std::size_t few = 4;

void softmax_backward_few(std::size_t rows, std::size_t count, const float* y, const float* dy, float* dx) {
  for (; rows > 0; --rows, y += count, dy += count, dx += count) {
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += static_cast<double>(y[i]) * static_cast<double>(dy[i]);
    for (std::size_t i = 0; i < count; ++i) {
      dx[i] = static_cast<float>(static_cast<double>(y[i]) * (static_cast<double>(dy[i]) - sum));
    }
  }
}

// body(number of rows, offset of the first value)
template <class Body>
void over_rows(std::size_t rows, std::size_t count, Body&& body) {
  parallel_for(rows, parallel_grain / 4 / count + 1,
               [&](std::size_t begin, std::size_t end, int) { body(end - begin, begin * count); });
}

}  // namespace

void softmax(std::size_t rows, std::size_t count, const float* x, float* y) {
  over_rows(rows, count, [=](std::size_t part, std::size_t at) {
    HWY_DYNAMIC_DISPATCH(softmax_rows)(part, count, x + at, y + at);
  });
}

void log_softmax(std::size_t rows, std::size_t count, const float* x, float* y) {
  over_rows(rows, count, [=](std::size_t part, std::size_t at) {
    HWY_DYNAMIC_DISPATCH(log_softmax_rows)(part, count, x + at, y + at);
  });
}

void softmax_backward(std::size_t rows, std::size_t count, const float* y, const float* dy, float* dx) {
  over_rows(rows, count, [=](std::size_t part, std::size_t at) {
    const auto kernel = count <= few ? &softmax_backward_few : HWY_DYNAMIC_DISPATCH(softmax_backward_rows);
    kernel(part, count, y + at, dy + at, dx + at);
  });
}

void log_softmax_backward(std::size_t rows, std::size_t count, const float* y, const float* dy, float* dx) {
  over_rows(rows, count, [=](std::size_t part, std::size_t at) {
    HWY_DYNAMIC_DISPATCH(log_softmax_backward_rows)(part, count, y + at, dy + at, dx + at);
  });
}

double softmax_cross_entropy(std::size_t count, const float* x, std::size_t label, double share,
                             float* gradient) {
  return HWY_DYNAMIC_DISPATCH(cross_entropy_row)(count, x, label, share, gradient);
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
