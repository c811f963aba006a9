// Makes of each struct of the catalogue its entry, and its kernels for every instruction set. One loop serves
// all activations, and all positions of an array: whatever is left over at the end is computed by the same
// code, in a padded buffer, so that the bits do not depend on alignment, length or position.
#include "halfwave/activation/entry.h"

#include "halfwave/base/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/activation/catalogue.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include <array>
#include <cstddef>
#include <cstring>

#include <hwy/highway.h>
#include "halfwave/activation/catalogue-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::catalogue::HWY_NAMESPACE {
namespace {

using FloatTag = hn::ScalableTag<float>;
constexpr std::size_t most_lanes = hn::MaxLanes(FloatTag());

// As many vectors side by side as the formula asks for; where registers are few, long formulas go alone.
constexpr bool has_32_registers = HWY_ARCH_ARM_A64 || HALFWAVE_HAS_SCALEF;
template <class A>
constexpr std::size_t side_by_side = has_32_registers || A::unroll == 4 ? A::unroll : 1;

template <std::size_t count>
struct Side {
  using Tag = TwinTag<typename Side<count / 2>::Tag>;
};
template <>
struct Side<1> {
  using Tag = FloatTag;
};

template <class A, class D>
HWY_INLINE void forward_step(D d, const float* x, float* y, const Parameters& p) {
  StoreU(A::value(d, LoadU(d, x), p), d, y);
}
template <class A, class D>
HWY_INLINE void backward_step(D d, const float* saved, const float* dy, float* dx, const Parameters& p) {
  StoreU(Mul(A::slope(d, LoadU(d, saved), p), LoadU(d, dy)), d, dx);
}

// y = f(x) for n values, a multiple of the number of lanes.
template <class A>
HWY_NOINLINE void forward_vectors(const float* x, float* y, std::size_t n, Parameters p) {
  const typename Side<side_by_side<A>>::Tag wide;
  const FloatTag d;
  std::size_t i = 0;
  for (; i + Lanes(wide) <= n; i += Lanes(wide)) forward_step<A>(wide, x + i, y + i, p);
  for (; i < n; i += Lanes(d)) forward_step<A>(d, x + i, y + i, p);
}

template <class A>
HWY_NOINLINE void backward_vectors(const float* s, const float* dy, float* dx, std::size_t n, Parameters p) {
  const typename Side<side_by_side<A>>::Tag wide;
  const FloatTag d;
  std::size_t i = 0;
  for (; i + Lanes(wide) <= n; i += Lanes(wide)) backward_step<A>(wide, s + i, dy + i, dx + i, p);
  for (; i < n; i += Lanes(d)) backward_step<A>(d, s + i, dy + i, dx + i, p);
}

template <class A>
void forward(const float* x, float* y, std::size_t n, Parameters p) {
  const std::size_t rest = n % hn::Lanes(FloatTag());
  const std::size_t whole = n - rest;
  forward_vectors<A>(x, y, whole, p);
  if (rest == 0) return;
  std::array<float, most_lanes> buffer{};
  std::memcpy(buffer.data(), x + whole, rest * sizeof(float));
  forward_vectors<A>(buffer.data(), buffer.data(), hn::Lanes(FloatTag()), p);
  std::memcpy(y + whole, buffer.data(), rest * sizeof(float));
}

template <class A>
void backward(const float* saved, const float* dy, float* dx, std::size_t n, Parameters p) {
  const std::size_t rest = n % hn::Lanes(FloatTag());
  const std::size_t whole = n - rest;
  backward_vectors<A>(saved, dy, dx, whole, p);
  if (rest == 0) return;
  std::array<float, most_lanes> saved_buffer{};
  std::array<float, most_lanes> buffer{};
  std::memcpy(saved_buffer.data(), saved + whole, rest * sizeof(float));
  std::memcpy(buffer.data(), dy + whole, rest * sizeof(float));
  backward_vectors<A>(saved_buffer.data(), buffer.data(), buffer.data(), hn::Lanes(FloatTag()), p);
  std::memcpy(dx + whole, buffer.data(), rest * sizeof(float));
}

template <class... A>
Kernel kernel_of(List<A...> /*catalogue*/, std::size_t index) {
  static constexpr Kernel kernels[] = {{&forward<A>, &backward<A>}...};
  return kernels[index];
}

Kernel find_kernel(std::size_t index) { return kernel_of(Catalogue(), index); }

}  // namespace
}  // namespace halfwave::catalogue::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::catalogue {
namespace {

HWY_EXPORT(find_kernel);

namespace once = HWY_NAMESPACE;
template <class A, class T>
T value(T x, const Parameters& p) {
  const once::ScalarTag<T> d;
  return A::value(d, once::Scalar<T>{x}, p).value;
}

template <class A, class T>
T slope(T x, const Parameters& p) {
  const once::ScalarTag<T> d;
  once::Scalar<T> saved{x};
  if constexpr (A::info.backward_from_y) saved = A::value(d, saved, p);
  return A::slope(d, saved, p).value;
}

template <class... A>
std::array<Entry, sizeof...(A)> make_entries(once::List<A...> /*catalogue*/) {
  std::size_t index = 0;
  return {Entry{A::info, index++, &value<A, double>, &slope<A, double>, &value<A, long double>,
                &slope<A, long double>, &A::range, &A::kinks, &A::conflict}...};
}

}  // namespace

std::span<const Entry> entries() {
  static const auto all = make_entries(once::Catalogue());
  return all;
}

Kernel kernel(std::size_t index) { return HWY_DYNAMIC_DISPATCH(find_kernel)(index); }

}  // namespace halfwave::catalogue
#endif  // HWY_ONCE
