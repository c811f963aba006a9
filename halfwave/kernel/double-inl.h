// Floats as doubles: a vector of doubles from as many floats, and back. Included once for each instruction
// set.
#if defined(HALFWAVE_KERNEL_DOUBLE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_KERNEL_DOUBLE_INL_H_
#undef HALFWAVE_KERNEL_DOUBLE_INL_H_
#else
#define HALFWAVE_KERNEL_DOUBLE_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <limits>

#include <hwy/highway.h>
#include "halfwave/kernel/partial-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {

using DoubleTag = hwy::HWY_NAMESPACE::ScalableTag<double>;
using DoubleVector = hwy::HWY_NAMESPACE::Vec<DoubleTag>;

// A vector's number of floats, or the first `count` (then 0 beyond).
HWY_INLINE DoubleVector load_double(const float* from) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::Rebind<float, DoubleTag> d;
  return hn::PromoteTo(DoubleTag(), hn::LoadU(d, from));
}
HWY_INLINE DoubleVector load_double(const float* from, std::size_t count) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::Rebind<float, DoubleTag> d;
  return hn::PromoteTo(DoubleTag(), load_first(d, from, count));
}

// Rounded to floats, the first `count` of them, or all.
HWY_INLINE void store_float(DoubleVector value, float* to,
                            std::size_t count = std::numeric_limits<std::size_t>::max()) {
  namespace hn = hwy::HWY_NAMESPACE;
#if HWY_TARGET == HWY_EMU128 || HWY_TARGET == HWY_SCALAR  // Highway would make infinity the largest float
  HWY_ALIGN double part[hn::MaxLanes(DoubleTag())];
  hn::Store(value, DoubleTag(), part);
  for (std::size_t i = 0; i < std::min(count, hn::Lanes(DoubleTag())); ++i)
    to[i] = static_cast<float>(part[i]);
#else
  const hn::Rebind<float, DoubleTag> d;
  store_first(hn::DemoteTo(d, value), d, to, count);
#endif
}

// A vector's sums of floats, in double.
struct DoubleSum {
  using FloatTag = hwy::HWY_NAMESPACE::ScalableTag<float>;
  static constexpr std::size_t lanes = hwy::HWY_NAMESPACE::MaxLanes(DoubleTag());
  static constexpr std::size_t parts = hwy::HWY_NAMESPACE::MaxLanes(FloatTag()) / lanes;

  DoubleVector part[parts];

  HWY_INLINE DoubleSum() {
    for (auto& sum : part) sum = hwy::HWY_NAMESPACE::Zero(DoubleTag());
  }
  HWY_INLINE void add(hwy::HWY_NAMESPACE::Vec<FloatTag> value) {
    namespace hn = hwy::HWY_NAMESPACE;
    HWY_ALIGN float room[parts * lanes];
    hn::Store(value, FloatTag(), room);
    for (std::size_t i = 0; i < parts; ++i) part[i] = hn::Add(part[i], load_double(room + i * lanes));
  }
  // sum[i] += each of them; a vector's number of doubles.
  HWY_INLINE void add_to(double* sum) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const DoubleTag d;
    for (std::size_t i = 0; i < parts; ++i, sum += lanes)
      hn::StoreU(hn::Add(hn::LoadU(d, sum), part[i]), d, sum);
  }
  // times factor, the first `count` of them, as floats
  HWY_INLINE void store(double factor, float* to, std::size_t count) const {
    namespace hn = hwy::HWY_NAMESPACE;
    for (std::size_t i = 0; i < parts && i * lanes < count; ++i) {
      store_float(hn::Mul(part[i], hn::Set(DoubleTag(), factor)), to + i * lanes, count - i * lanes);
    }
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#endif
