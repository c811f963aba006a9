// Some lanes of a vector moved together to its beginning, as Highway's Compress does; but where the machine
// has no instruction for that, GCC 12 copies Highway's table of a kilobyte onto the stack each time. Included
// once for each instruction set.
#if defined(HALFWAVE_KERNEL_COMPRESS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_KERNEL_COMPRESS_INL_H_
#undef HALFWAVE_KERNEL_COMPRESS_INL_H_
#else
#define HALFWAVE_KERNEL_COMPRESS_INL_H_
#endif

#include <hwy/highway.h>

#include <bit>
#include <cstddef>
#include <cstdint>

#include "halfwave/kernel/lane_order.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {

// Of vectors of 4-byte lanes, at most 8 where there is no instruction for it.
class Compressor {
  using D = hwy::HWY_NAMESPACE::ScalableTag<float>;

 public:
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  HWY_INLINE explicit Compressor(hwy::HWY_NAMESPACE::Mask<D> wanted) : wanted_(wanted) {}

  // Lanes that are wanted.
  HWY_INLINE std::size_t count() const { return hwy::HWY_NAMESPACE::CountTrue(D(), wanted_); }

  // What the others hold comes behind them in any order.
  template <class T>
  HWY_INLINE hwy::HWY_NAMESPACE::Vec<T> operator()(T d, hwy::HWY_NAMESPACE::Vec<T> values) const {
    return hwy::HWY_NAMESPACE::Compress(values, hwy::HWY_NAMESPACE::RebindMask(d, wanted_));
  }

 private:
  hwy::HWY_NAMESPACE::Mask<D> wanted_;
#else
  HWY_INLINE explicit Compressor(hwy::HWY_NAMESPACE::Mask<D> wanted) {
    namespace hn = hwy::HWY_NAMESPACE;
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(D(), wanted, bits);
    count_ = static_cast<std::size_t>(std::popcount(bits[0]));
    order_ = hn::PromoteTo(hn::RebindToSigned<D>(),
                           hn::LoadU(hn::Rebind<std::uint8_t, D>(), lane_orders[bits[0]].data()));
  }
  HWY_INLINE std::size_t count() const { return count_; }
  template <class T>
  HWY_INLINE hwy::HWY_NAMESPACE::Vec<T> operator()(T d, hwy::HWY_NAMESPACE::Vec<T> values) const {
    return hwy::HWY_NAMESPACE::TableLookupLanes(values, hwy::HWY_NAMESPACE::IndicesFromVec(d, order_));
  }

 private:
  std::size_t count_;
  hwy::HWY_NAMESPACE::Vec<hwy::HWY_NAMESPACE::RebindToSigned<D> > order_;
#endif
};

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#endif
