// Floats as doubles: a vector of doubles from as many floats, and back. Included once for each instruction
// set.
#if defined(HALFWAVE_KERNEL_DOUBLE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_KERNEL_DOUBLE_INL_H_
#undef HALFWAVE_KERNEL_DOUBLE_INL_H_
#else
#define HALFWAVE_KERNEL_DOUBLE_INL_H_
#endif

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

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#endif
