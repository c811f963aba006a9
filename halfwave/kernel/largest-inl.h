// A max-pool's choice within a window, for a vector of channels. Included once for each instruction set.
#if defined(HALFWAVE_KERNEL_LARGEST_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_KERNEL_LARGEST_INL_H_
#undef HALFWAVE_KERNEL_LARGEST_INL_H_
#else
#define HALFWAVE_KERNEL_LARGEST_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

#include "halfwave/kernel/partial-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {

// The largest of a window's values, and its place there.
struct Largest {
  using D = hwy::HWY_NAMESPACE::CappedTag<float, 16>;
  using V = hwy::HWY_NAMESPACE::Vec<D>;
  using DI = hwy::HWY_NAMESPACE::RebindToSigned<D>;

  V value;
  hwy::HWY_NAMESPACE::Vec<DI> place;
};

HWY_INLINE void replace(Largest& best, hwy::HWY_NAMESPACE::Mask<Largest::D> where, Largest::V value,
                        std::int32_t place) {
  namespace hn = hwy::HWY_NAMESPACE;
  const Largest::DI di;
  best.place = hn::IfThenElse(hn::RebindMask(di, where), hn::Set(di, place), best.place);
  best.value = hn::IfThenElse(where, value, best.value);
}

// The value goes to y; the place, all ones for none, to `saved`, which has room for a vector. rectify: max(0,
// value), and no place where that is 0. The first `count` channels.
template <class Index>
HWY_INLINE void store_largest(Largest best, bool rectify, float* y, Index* saved, std::size_t count) {
  namespace hn = hwy::HWY_NAMESPACE;
  const Largest::D d;
  const Largest::DI di;
  if (rectify) {
    constexpr std::int32_t none = static_cast<Index>(~Index{0});
    const auto passes = hn::Or(hn::Gt(best.value, hn::Zero(d)), hn::IsNaN(best.value));
    best.value = hn::IfThenElseZero(passes, best.value);
    best.place = hn::IfThenElse(hn::RebindMask(di, passes), best.place, hn::Set(di, none));
  }
  store_first(best.value, d, y, count);
  const hn::Rebind<Index, Largest::D> dx;
  if (saved != nullptr) hn::StoreU(hn::DemoteTo(dx, best.place), dx, saved);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#endif
