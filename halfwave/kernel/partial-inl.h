// Part of a vector from and to memory: Highway's MaskedLoad wants aligned memory where the machine has no
// masked loads (SSE4, NEON), and reads whole vectors there. Included once for each instruction set.
#if defined(HALFWAVE_KERNEL_PARTIAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_KERNEL_PARTIAL_INL_H_
#undef HALFWAVE_KERNEL_PARTIAL_INL_H_
#else
#define HALFWAVE_KERNEL_PARTIAL_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {

// The first `count` (at most a vector's) floats from any address, 0 beyond; reads nothing past them.
template <class D>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<D> load_first(D d, const float* from, std::size_t count) {
  namespace hn = hwy::HWY_NAMESPACE;
  const std::size_t lanes = hn::Lanes(d);
  if (count >= lanes) return hn::LoadU(d, from);
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
  return hn::MaskedLoad(hn::FirstN(d, count), d, from);
#else
  HWY_ALIGN float part[hn::MaxLanes(d)] = {};
  std::copy_n(from, count, part);
  return hn::Load(d, part);
#endif
}

// The first `count` (at most a vector's) floats to any address; writes nothing past them.
template <class D>
HWY_INLINE void store_first(hwy::HWY_NAMESPACE::Vec<D> value, D d, float* to, std::size_t count) {
  namespace hn = hwy::HWY_NAMESPACE;
  if (count >= hn::Lanes(d)) {
    hn::StoreU(value, d, to);
  } else {
#if HWY_ARCH_X86
    hn::BlendedStore(value, hn::FirstN(d, count), d, to);
#else  // Highway may write the whole vector, what was there included: another thread's, or nobody's
    HWY_ALIGN float part[hn::MaxLanes(d)];
    hn::Store(value, d, part);
    std::copy_n(part, count, to);
#endif
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#endif
