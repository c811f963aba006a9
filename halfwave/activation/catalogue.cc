// Makes of each struct of the catalogue its entry, and its kernels for every instruction set. One loop serves
// all activations, and all positions of an array: whatever is left over at the end is computed by the same
// code, in a padded buffer, so that the bits do not depend on alignment, length or position.
#include "halfwave/activation/entry.h"

#include "halfwave/base/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/activation/catalogue.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include <hwy/cache_control.h>

#include <array>
#include <cstddef>
#include <cstdint>
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

// Arrays of more values than stay in any cache are written past it, when they are not read as well.
constexpr std::size_t streaming_from = std::size_t{1} << 23;

template <bool streaming, class V, class D>
HWY_INLINE void store(V v, D d, float* to) {
  if constexpr (streaming) {
    Stream(v, d, to);
  } else {
    StoreU(v, d, to);
  }
}

// y = f(x) for n values, a multiple of the number of lanes; y aligned to whole vectors if streaming.
template <class A, bool streaming = false>
HWY_NOINLINE void forward_vectors(const float* x, float* y, std::size_t n, Parameters p) {
  const typename Side<side_by_side<A>>::Tag wide;
  const FloatTag d;
  std::size_t i = 0;
  for (; i + Lanes(wide) <= n; i += Lanes(wide)) {
    store<streaming>(A::value(wide, LoadU(wide, x + i), p), wide, y + i);
  }
  for (; i < n; i += Lanes(d)) store<streaming>(A::value(d, LoadU(d, x + i), p), d, y + i);
}

template <class A, bool streaming = false>
HWY_NOINLINE void backward_vectors(const float* s, const float* dy, float* dx, std::size_t n, Parameters p) {
  const typename Side<side_by_side<A>>::Tag wide;
  const FloatTag d;
  std::size_t i = 0;
  for (; i + Lanes(wide) <= n; i += Lanes(wide)) {
    store<streaming>(Mul(A::slope(wide, LoadU(wide, s + i), p), LoadU(wide, dy + i)), wide, dx + i);
  }
  for (; i < n; i += Lanes(d)) {
    store<streaming>(Mul(A::slope(d, LoadU(d, s + i), p), LoadU(d, dy + i)), d, dx + i);
  }
}

// How many values there are before the first that is aligned to whole vectors.
std::size_t unaligned_values(const float* p) {
  constexpr std::size_t bytes = most_lanes * sizeof(float);
  return (bytes - reinterpret_cast<std::uintptr_t>(p) % bytes) % bytes / sizeof(float);
}

Parameters copied(const float* parameters) {
  Parameters copy;
  std::memcpy(copy.data(), parameters, sizeof copy);
  return copy;
}

template <class A>
void forward(const float* x, float* y, std::size_t n, const float* parameters) {
  const Parameters p = copied(parameters);
  const bool streaming = n >= streaming_from && x != y;
  if (streaming) {
    const std::size_t head = unaligned_values(y);
    forward<A>(x, y, head, parameters);
    x += head;
    y += head;
    n -= head;
  }
  const std::size_t rest = n % hn::Lanes(FloatTag());
  const std::size_t whole = n - rest;
  if (streaming) {
    forward_vectors<A, true>(x, y, whole, p);
    hwy::FlushStream();
  } else {
    forward_vectors<A>(x, y, whole, p);
  }
  if (rest == 0) return;
  std::array<float, most_lanes> buffer{};
  std::memcpy(buffer.data(), x + whole, rest * sizeof(float));
  forward_vectors<A>(buffer.data(), buffer.data(), hn::Lanes(FloatTag()), p);
  std::memcpy(y + whole, buffer.data(), rest * sizeof(float));
}

template <class A>
void backward(const float* saved, const float* dy, float* dx, std::size_t n, const float* parameters) {
  const Parameters p = copied(parameters);
  const bool streaming = n >= streaming_from && dx != dy && dx != saved;
  if (streaming) {
    const std::size_t head = unaligned_values(dx);
    backward<A>(saved, dy, dx, head, parameters);
    saved += head;
    dy += head;
    dx += head;
    n -= head;
  }
  const std::size_t rest = n % hn::Lanes(FloatTag());
  const std::size_t whole = n - rest;
  if (streaming) {
    backward_vectors<A, true>(saved, dy, dx, whole, p);
    hwy::FlushStream();
  } else {
    backward_vectors<A>(saved, dy, dx, whole, p);
  }
  if (rest == 0) return;
  std::array<float, most_lanes> saved_buffer{};
  std::array<float, most_lanes> buffer{};
  std::memcpy(saved_buffer.data(), saved + whole, rest * sizeof(float));
  std::memcpy(buffer.data(), dy + whole, rest * sizeof(float));
  backward_vectors<A>(saved_buffer.data(), buffer.data(), buffer.data(), hn::Lanes(FloatTag()), p);
  std::memcpy(dx + whole, buffer.data(), rest * sizeof(float));
}

// Masks: a bit a value, in whole bytes.
constexpr std::size_t group = most_lanes < 8 ? 8 : most_lanes;
using Bits = std::uint16_t;

// y = f(x) and the bits where the slope is not the low one, for one group.
template <class A>
HWY_INLINE Bits forward_group(const float* x, float* y, const Parameters& p) {
  const FloatTag d;
  unsigned bits = 0;
  for (std::size_t i = 0; i < group; i += hn::Lanes(d)) {
    const auto value = A::value(d, LoadU(d, x + i), p);
    StoreU(value, d, y + i);
    std::array<std::uint8_t, 8> part{};
    hn::StoreMaskBits(d, hn::Not(Eq(A::slope(d, value, p), A::low_slope(d, p))), part.data());
    Bits word = 0;
    std::memcpy(&word, part.data(), sizeof(word));
    bits |= static_cast<unsigned>(word) << i;
  }
  return static_cast<Bits>(bits);
}

template <class A>
HWY_INLINE void backward_group(Bits bits, const float* dy, float* dx, const Parameters& p) {
  const FloatTag d;
  for (std::size_t i = 0; i < group; i += hn::Lanes(d)) {
    const auto word = static_cast<Bits>(bits >> i);
    std::array<std::uint8_t, 8> part{};
    std::memcpy(part.data(), &word, sizeof(word));
    const auto slope = IfThenElse(hn::LoadMaskBits(d, part.data()), number(d, 1), A::low_slope(d, p));
    StoreU(Mul(slope, LoadU(d, dy + i)), d, dx + i);
  }
}

template <class A>
void forward_mask(const float* x, float* y, std::uint8_t* mask, std::size_t n, const float* parameters) {
  const Parameters p = copied(parameters);
  const std::size_t whole = n / group * group;
  for (std::size_t i = 0; i < whole; i += group) {
    const Bits bits = forward_group<A>(x + i, y + i, p);
    std::memcpy(mask + i / 8, &bits, group / 8);
  }
  if (whole == n) return;
  std::array<float, group> buffer{};
  std::memcpy(buffer.data(), x + whole, (n - whole) * sizeof(float));
  auto bits = static_cast<unsigned>(forward_group<A>(buffer.data(), buffer.data(), p));
  bits &= (1U << (n - whole)) - 1;
  std::memcpy(y + whole, buffer.data(), (n - whole) * sizeof(float));
  std::memcpy(mask + whole / 8, &bits, (n - whole + 7) / 8);
}

template <class A>
void backward_mask(const std::uint8_t* mask, const float* dy, float* dx, std::size_t n,
                   const float* parameters) {
  const Parameters p = copied(parameters);
  const std::size_t whole = n / group * group;
  for (std::size_t i = 0; i < whole; i += group) {
    Bits bits = 0;
    std::memcpy(&bits, mask + i / 8, group / 8);
    backward_group<A>(bits, dy + i, dx + i, p);
  }
  if (whole == n) return;
  std::array<float, group> buffer{};
  Bits bits = 0;
  std::memcpy(buffer.data(), dy + whole, (n - whole) * sizeof(float));
  std::memcpy(&bits, mask + whole / 8, (n - whole + 7) / 8);
  backward_group<A>(bits, buffer.data(), buffer.data(), p);
  std::memcpy(dx + whole, buffer.data(), (n - whole) * sizeof(float));
}

template <class A>
constexpr Kernel make_kernel() {
  if constexpr (A::info.backward_from_mask) {
    return {&forward<A>, &backward<A>, &forward_mask<A>, &backward_mask<A>};
  } else {
    return {&forward<A>, &backward<A>};
  }
}

template <class... A>
Kernel kernel_of(List<A...> /*catalogue*/, std::size_t index) {
  static constexpr Kernel kernels[] = {make_kernel<A>()...};
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
HWY_ATTR T value(T x, const Parameters& p) {
  const once::ScalarTag<T> d;
  return A::value(d, once::Scalar<T>{x}, p).value;
}

template <class A, class T>
HWY_ATTR T slope(T x, const Parameters& p) {
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
