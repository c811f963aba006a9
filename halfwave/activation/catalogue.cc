// Makes of each struct of the catalogue its entry, and its kernels for every instruction set. One loop serves
// all activations, and all positions of an array: whatever is left over at the end is computed by the same
// code, in a padded buffer, so that the bits do not depend on alignment, length or position.
#include "halfwave/activation/entry.h"

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/activation/catalogue.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include <hwy/cache_control.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
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
constexpr bool has_32_registers = HWY_ARCH_ARM_A64 || HALFWAVE_AVX512;
template <class Pass>
constexpr std::size_t side_by_side = has_32_registers || Pass::unroll == 4 ? Pass::unroll : 1;

template <std::size_t count>
struct Side {
  using Tag = TwinTag<typename Side<count / 2>::Tag>;
};
template <>
struct Side<1> {
  using Tag = FloatTag;
};

// When the arrays of a pass, with the parts of the threads beside, have more bytes than most caches keep,
// results are written past the caches, unless the same array is read as well.
constexpr std::size_t streaming_bytes = std::size_t{24} << 20;
bool is_large(std::size_t arrays, std::size_t n) {
  return n >= parallel_grain &&
         n * arrays * sizeof(float) * static_cast<std::size_t>(threads_at_work()) >= streaming_bytes;
}

template <bool streaming, class V, class D>
HWY_INLINE void store(V v, D d, float* to) {
  if constexpr (streaming) {
    Stream(v, d, to);
  } else {
    StoreU(v, d, to);
  }
}

// v; GCC 12 would read memory again for each use of a value.
template <class V>
HWY_INLINE V in_register(V v) {
  return v;
}
#if HALFWAVE_AVX512
HWY_INLINE hn::Vec512<float> in_register(hn::Vec512<float> v) {
  asm("" : "+v"(v.raw));
  return v;
}
template <class V>
HWY_INLINE Twin<V> in_register(const Twin<V>& v) {
  return {in_register(v.first), in_register(v.second)};
}
#endif

// y = f(x). Arrays are passed on as pointers each: a struct of them would go through memory.
template <class A>
struct Forward {
  using Activation = A;
  static constexpr std::size_t arrays = 2;
  static constexpr Reach near = A::near_value;
  static constexpr std::size_t unroll = A::unroll;
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    return A::value(d, x, p);
  }
  template <class D, class V>
  static HWY_INLINE V result(D /*d*/, V value, const float* /*dy*/) {
    return value;
  }
};

// dx = f'(saved) dy.
template <class A>
struct Backward {
  using Activation = A;
  static constexpr std::size_t arrays = 3;
  static constexpr Reach near = A::near_slope;
  static constexpr std::size_t unroll = A::info.backward_from_y ? 4 : A::unroll;  // those are short
  template <class D, class V>
  static HWY_INLINE V value(D d, V saved, const Parameters& p) {
    return A::slope(d, saved, p);
  }
  template <class D, class V>
  static HWY_INLINE V result(D d, V slope, const float* dy) {
    return Mul(slope, LoadU(d, dy));
  }
};

Parameters copied(const float* parameters) {
  Parameters copy;
  std::memcpy(copy.data(), parameters, sizeof copy);
  return copy;
}

// n values, a multiple of the number of lanes; `to` aligned to whole vectors if streaming.
template <class Pass, bool streaming>
HWY_NOINLINE void all_vectors(const float* from, const float* dy, float* to, std::size_t n,
                              const float* parameters) {
  const Parameters p = copied(parameters);
  const typename Side<side_by_side<Pass>>::Tag wide;
  const FloatTag d;
  std::size_t i = 0;
  for (; i + Lanes(wide) <= n; i += Lanes(wide)) {
    const auto value = Pass::value(wide, in_register(LoadU(wide, from + i)), p);
    store<streaming>(Pass::result(wide, value, dy + i), wide, to + i);
  }
  for (; i < n; i += Lanes(d)) {
    const auto value = Pass::value(d, in_register(LoadU(d, from + i)), p);
    store<streaming>(Pass::result(d, value, dy + i), d, to + i);
  }
}

#if HALFWAVE_AVX512
// Near formulas are short.
constexpr std::size_t near_side_by_side = 4;

// The largest of the lanes' bits over vectors side by side, as whole numbers.
template <class DI>
HWY_INLINE auto largest_bits(DI di, hn::Vec512<float> v) {
  return hn::BitCast(di, v);
}
template <class DI, class V>
HWY_INLINE auto largest_bits(DI di, const Twin<V>& v) {
  return hn::Max(largest_bits(di, v.first), largest_bits(di, v.second));
}

// False where a lane is outside the reach, and for some NaN. As whole numbers, no NaN can hide another lane:
// below a negative float are those with more bits, unsigned; above a positive one those with more, signed.
template <class V>
HWY_INLINE bool all_near(const Reach& reach, const V& v) {
  const hn::RebindToUnsigned<FloatTag> unsigned_tag;
  const hn::RebindToSigned<FloatTag> signed_tag;
  if (reach.low != -no_limit) {
    const auto limit = hn::Set(unsigned_tag, std::bit_cast<std::uint32_t>(reach.low));
    if (!hn::AllFalse(unsigned_tag, Gt(largest_bits(unsigned_tag, v), limit))) return false;
  }
  if (reach.high != no_limit) {
    const auto limit = hn::Set(signed_tag, std::bit_cast<std::int32_t>(reach.high));
    if (!hn::AllFalse(signed_tag, Gt(largest_bits(signed_tag, v), limit))) return false;
  }
  return true;
}

// The vectors until one is not near: how many values.
template <class Pass, bool streaming>
HWY_NOINLINE std::size_t near_vectors(const float* from, const float* dy, float* to, std::size_t n,
                                      const float* parameters) {
  const Parameters p = copied(parameters);
  const typename Side<near_side_by_side>::Tag wide;
  const NearTag<typename Side<near_side_by_side>::Tag> near_wide;
  const FloatTag d;
  const NearTag<FloatTag> near_d;
  std::size_t i = 0;
  for (; i + Lanes(wide) <= n; i += Lanes(wide)) {
    const auto v = in_register(LoadU(wide, from + i));
    if (HWY_UNLIKELY(!all_near(Pass::near, v))) return i;
    store<streaming>(Pass::result(wide, Pass::value(near_wide, v, p), dy + i), wide, to + i);
  }
  for (; i < n; i += Lanes(d)) {
    const auto v = in_register(LoadU(d, from + i));
    if (HWY_UNLIKELY(!all_near(Pass::near, v))) return i;
    store<streaming>(Pass::result(d, Pass::value(near_d, v, p), dy + i), d, to + i);
  }
  return n;
}

// Vectors of which some lanes may be near and others not: each as it would be computed among its like.
template <class Pass, bool streaming>
HWY_NOINLINE void mixed_vectors(const float* from, const float* dy, float* to, std::size_t n,
                                const float* parameters) {
  const Parameters p = copied(parameters);
  const FloatTag d;
  for (std::size_t i = 0; i < n; i += Lanes(d)) {
    const auto v = LoadU(d, from + i);
    auto value = Pass::value(NearTag<FloatTag>(), v, p);
    const auto apart = hn::Or(Lt(v, Set(d, Pass::near.low)), Gt(v, Set(d, Pass::near.high)));
    if (!hn::AllFalse(d, apart)) value = IfThenElse(apart, Pass::value(d, v, p), value);
    store<streaming>(Pass::result(d, value, dy + i), d, to + i);
  }
}

template <class Pass, bool streaming>
void near_and_mixed_vectors(const float* from, const float* dy, float* to, std::size_t n,
                            const float* parameters) {
  for (std::size_t i = 0; i < n;) {
    i += near_vectors<Pass, streaming>(from + i, dy + i, to + i, n - i, parameters);
    const std::size_t count = std::min(n - i, near_side_by_side * most_lanes);
    mixed_vectors<Pass, streaming>(from + i, dy + i, to + i, count, parameters);
    i += count;
  }
}
#endif

template <class Pass, bool streaming>
void vectors(const float* from, const float* dy, float* to, std::size_t n, const float* parameters) {
#if HALFWAVE_AVX512
  if constexpr (!Pass::near.empty()) {
    if (Pass::Activation::is_near_for(copied(parameters))) {
      near_and_mixed_vectors<Pass, streaming>(from, dy, to, n, parameters);
      return;
    }
  }
#endif
  all_vectors<Pass, streaming>(from, dy, to, n, parameters);
}

// How many values there are before the first that is aligned to whole vectors.
std::size_t unaligned_values(const float* p) {
  constexpr std::size_t bytes = most_lanes * sizeof(float);
  return (bytes - reinterpret_cast<std::uintptr_t>(p) % bytes) % bytes / sizeof(float);
}

// Fewer values than a vector has, in padded buffers.
template <class Pass>
HWY_NOINLINE void part_of_vector(const float* from, const float* dy, float* to, std::size_t n,
                                 const float* parameters) {
  std::array<float, most_lanes> from_buffer{};
  std::array<float, most_lanes> buffer{};
  std::memcpy(from_buffer.data(), from, n * sizeof(float));
  std::memcpy(buffer.data(), dy, n * sizeof(float));
  vectors<Pass, false>(from_buffer.data(), buffer.data(), buffer.data(), hn::Lanes(FloatTag()), parameters);
  std::memcpy(to, buffer.data(), n * sizeof(float));
}

template <class Pass>
void run(const float* from, const float* dy, float* to, std::size_t n, const float* parameters) {
  const std::size_t lanes = hn::Lanes(FloatTag());
  const bool streaming = is_large(Pass::arrays, n) && to != from && to != dy;
  if (streaming) {
    const std::size_t head = unaligned_values(to);
    part_of_vector<Pass>(from, dy, to, head, parameters);
    from += head;
    dy += head;
    to += head;
    n -= head;
  }
  const std::size_t rest = n % lanes;
  const std::size_t whole = n - rest;
  if (streaming) {
    vectors<Pass, true>(from, dy, to, whole, parameters);
    hwy::FlushStream();
  } else {
    vectors<Pass, false>(from, dy, to, whole, parameters);
  }
  if (rest > 0) part_of_vector<Pass>(from + whole, dy + whole, to + whole, rest, parameters);
}

template <class A>
void forward(const float* x, float* y, std::size_t n, const float* parameters) {
  run<Forward<A>>(x, x, y, n, parameters);  // dy is not read
}

template <class A>
void backward(const float* saved, const float* dy, float* dx, std::size_t n, const float* parameters) {
  run<Backward<A>>(saved, dy, dx, n, parameters);
}

// Masks: a bit a value, in words of so many.
constexpr std::size_t group = 64;
using Bits = std::uint64_t;

template <class M>
HWY_INLINE Bits bits_of(M mask) {
#if HALFWAVE_AVX512
  return mask.raw;
#else
  std::array<std::uint8_t, 8> part{};
  hn::StoreMaskBits(FloatTag(), mask, part.data());
  Bits word = 0;
  std::memcpy(&word, part.data(), sizeof(word));
  return word;
#endif
}
// From the lowest bits.
HWY_INLINE auto mask_of(Bits bits) {
#if HALFWAVE_AVX512
  return hn::Mask<FloatTag>{static_cast<__mmask16>(bits)};
#else
  std::array<std::uint8_t, 8> part{};
  std::memcpy(part.data(), &bits, sizeof(bits));
  return hn::LoadMaskBits(FloatTag(), part.data());
#endif
}

// Where the slope is not the low one: 1, or NaN.
template <class A, class D, class V>
HWY_INLINE auto passes(D d, V y, const Parameters& p) {
  if constexpr (requires { A::passes(d, y); }) {
    return A::passes(d, y);
  } else {
    return hn::Not(Eq(A::slope(d, y, p), A::low_slope(d, p)));
  }
}

// y = f(x) and the bits of passes(), for one group.
template <class A, bool streaming>
HWY_INLINE Bits forward_group(const float* x, float* y, const Parameters& p) {
  const FloatTag d;
  Bits bits = 0;
  for (std::size_t i = 0; i < group; i += hn::Lanes(d)) {
    const auto value = A::value(d, in_register(LoadU(d, x + i)), p);
    store<streaming>(value, d, y + i);
    bits |= bits_of(passes<A>(d, value, p)) << i;
  }
  return bits;
}

template <class A, bool streaming>
HWY_INLINE void backward_group(Bits bits, const float* dy, float* dx, const Parameters& p) {
  const FloatTag d;
  for (std::size_t i = 0; i < group; i += hn::Lanes(d)) {
    const auto slope = IfThenElse(mask_of(bits >> i), number(d, 1), A::low_slope(d, p));
    store<streaming>(Mul(slope, LoadU(d, dy + i)), d, dx + i);
  }
}

// Of n values, a multiple of the group.
template <class A, bool streaming>
HWY_NOINLINE void forward_groups(const float* x, float* y, std::uint8_t* mask, std::size_t n,
                                 const float* parameters) {
  const Parameters p = copied(parameters);
  for (std::size_t i = 0; i < n; i += group) {
    const Bits bits = forward_group<A, streaming>(x + i, y + i, p);
    std::memcpy(mask + i / 8, &bits, group / 8);
  }
}

template <class A, bool streaming>
HWY_NOINLINE void backward_groups(const std::uint8_t* mask, const float* dy, float* dx, std::size_t n,
                                  const float* parameters) {
  const Parameters p = copied(parameters);
  for (std::size_t i = 0; i < n; i += group) {
    Bits bits = 0;
    std::memcpy(&bits, mask + i / 8, group / 8);
    backward_group<A, streaming>(bits, dy + i, dx + i, p);
  }
}

// Whether to write past the caches, which only whole vectors can do.
bool streams(const float* from, const float* to, std::size_t n) {
  return is_large(2, n) && from != to && unaligned_values(to) == 0;
}

template <class A>
void forward_mask(const float* x, float* y, std::uint8_t* mask, std::size_t n, const float* parameters) {
  const std::size_t whole = n / group * group;
  if (streams(x, y, n)) {
    forward_groups<A, true>(x, y, mask, whole, parameters);
    hwy::FlushStream();
  } else {
    forward_groups<A, false>(x, y, mask, whole, parameters);
  }
  if (whole == n) return;
  std::array<float, group> buffer{};
  std::array<std::uint8_t, group / 8> bits{};
  const std::size_t rest = n - whole;
  std::memcpy(buffer.data(), x + whole, rest * sizeof(float));
  forward_groups<A, false>(buffer.data(), buffer.data(), bits.data(), group, parameters);
  std::memcpy(y + whole, buffer.data(), rest * sizeof(float));
  if (rest % 8 != 0) bits[rest / 8] &= static_cast<std::uint8_t>((1U << rest % 8) - 1);
  std::memcpy(mask + whole / 8, bits.data(), (rest + 7) / 8);
}

template <class A>
void backward_mask(const std::uint8_t* mask, const float* dy, float* dx, std::size_t n,
                   const float* parameters) {
  const std::size_t whole = n / group * group;
  if (streams(dy, dx, n)) {
    backward_groups<A, true>(mask, dy, dx, whole, parameters);
    hwy::FlushStream();
  } else {
    backward_groups<A, false>(mask, dy, dx, whole, parameters);
  }
  if (whole == n) return;
  std::array<float, group> buffer{};
  std::array<std::uint8_t, group / 8> bits{};
  const std::size_t rest = n - whole;
  std::memcpy(buffer.data(), dy + whole, rest * sizeof(float));
  std::memcpy(bits.data(), mask + whole / 8, (rest + 7) / 8);
  backward_groups<A, false>(bits.data(), buffer.data(), buffer.data(), group, parameters);
  std::memcpy(dx + whole, buffer.data(), rest * sizeof(float));
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
const Kernel* kernels_of(List<A...> /*catalogue*/) {
  static constexpr Kernel kernels[] = {make_kernel<A>()...};
  return kernels;
}

#if HALFWAVE_AVX512
// A's tables, from its formulas in double.
template <class A>
void make_tables() {
  Parameters p{};
  std::size_t count = 0;
  for (const ActivationParameter& parameter : A::info.parameters) p[count++] = parameter.initial;
  const ScalarTag<double> d;
  // f(x) / x^power; at 0 what that tends to.
  const auto over_power = [](const auto& f, int power) {
    return [&f, power](double x) {
      const double at = x == 0 && power > 0 ? 0x1p-30 : x;
      return f(at) / std::pow(at, power);
    };
  };
  if constexpr (A::value_table.degree > 0) {
    const auto value = [&](double x) { return A::value(d, Scalar<double>{x}, p).value; };
    fit(A::value_table, over_power(value, A::value_power), near::value_table<A>.rows);
  }
  if constexpr (A::slope_table.degree > 0) {
    const auto slope = [&](double x) { return A::slope(d, Scalar<double>{x}, p).value; };
    fit(A::slope_table, over_power(slope, A::slope_power), near::slope_table<A>.rows);
  }
}

template <class... A>
void make_tables_of(List<A...> /*catalogue*/) {
  (make_tables<A>(), ...);
}
#endif

const Kernel* find_kernels() {
#if HALFWAVE_AVX512
  // Before any kernel can be called.
  [[maybe_unused]] static const bool made = (make_tables_of(Catalogue()), true);
#endif
  return kernels_of(Catalogue());
}

}  // namespace
}  // namespace halfwave::catalogue::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::catalogue {
namespace {

HWY_EXPORT(find_kernels);

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

namespace {
std::atomic<const Kernel*> chosen = nullptr;
}  // namespace

void choose_kernels() { chosen = HWY_DYNAMIC_DISPATCH(find_kernels)(); }

const Kernel& kernel(std::size_t index) {
  // What Highway does to choose takes longer than a short array.
  if (HWY_UNLIKELY(chosen.load(std::memory_order_acquire) == nullptr)) choose_kernels();
  return chosen.load(std::memory_order_relaxed)[index];
}

}  // namespace halfwave::catalogue
#endif  // HWY_ONCE
