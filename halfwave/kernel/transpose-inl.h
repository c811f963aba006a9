// As many vectors as they have lanes, transposed. Included once for each instruction set.
#if defined(HALFWAVE_KERNEL_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_KERNEL_TRANSPOSE_INL_H_
#undef HALFWAVE_KERNEL_TRANSPOSE_INL_H_
#else
#define HALFWAVE_KERNEL_TRANSPOSE_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <utility>

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {

// A stage of transpose(): the lowest bit of a value's lane becomes the highest of its vector, and the lowest
// of its vector the highest of its lane.
template <class T, std::size_t... i>
HWY_INLINE void rotate_places([[maybe_unused]] hwy::HWY_NAMESPACE::Vec<T>* rows, std::index_sequence<i...>) {
#if HWY_TARGET != HWY_SCALAR
  namespace hn = hwy::HWY_NAMESPACE;
  const T d;
  const hn::Vec<T> next[] = {hn::ConcatEven(d, rows[2 * i + 1], rows[2 * i])...,
                             hn::ConcatOdd(d, rows[2 * i + 1], rows[2 * i])...};
  ((rows[i] = next[i]), ...);
  ((rows[i + sizeof...(i)] = next[i + sizeof...(i)]), ...);
#endif
}

// Rows become columns.
template <class T>
HWY_INLINE void transpose(hwy::HWY_NAMESPACE::Vec<T>* rows) {
  constexpr std::size_t lanes = hwy::HWY_NAMESPACE::MaxLanes(T());
  for (std::size_t i = 1; i < lanes; i *= 2) rotate_places<T>(rows, std::make_index_sequence<lanes / 2>());
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#endif
