// Formulas for AVX-512 when all values are near 0, as they mostly are: what is left out of them is what only
// large ones need (no overflow, no denormal result), and what is looked up in registers need not be computed.
// A formula asked for a NearTag takes its functions from here, through elementary-inl.h.
// Per-target header: included once for each instruction set.

#if defined(HALFWAVE_ACTIVATION_NEAR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_ACTIVATION_NEAR_INL_H_
#undef HALFWAVE_ACTIVATION_NEAR_INL_H_
#else
#define HALFWAVE_ACTIVATION_NEAR_INL_H_
#endif

#include <array>
#include <cstddef>
#include <limits>
#include <numbers>

#include <hwy/highway.h>
#include "halfwave/activation/polynomial_table.h"
#include "halfwave/base/twin-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::simd::HWY_NAMESPACE {

// Stands for D where all lanes are within a formula's Reach, or NaN.
template <class D>
struct NearTag : D {};

namespace detail {
template <class D>
struct Traits<NearTag<D>> : Traits<D> {};
}  // namespace detail

}  // namespace halfwave::simd::HWY_NAMESPACE

namespace halfwave::catalogue::HWY_NAMESPACE {
using namespace simd::HWY_NAMESPACE;

template <class D>
inline constexpr bool is_near = false;
template <class D>
inline constexpr bool is_near<NearTag<D>> = true;

// The arguments, from low (below 0) to high (above 0), that a formula computes correctly with a NearTag; none
// by default.
struct Reach {
  float low = std::numeric_limits<float>::infinity();
  float high = -std::numeric_limits<float>::infinity();
  constexpr bool empty() const { return low > high; }
};
inline constexpr float no_limit = std::numeric_limits<float>::infinity();

namespace near {

// 2^(k / 32), and what rounding took from it, as a part of it.
struct Powers {
  alignas(64) TableRow value{};
  alignas(64) TableRow rest{};
};
constexpr Powers make_powers() {
  constexpr double step = 1.0218971486541166;  // 2^(1 / 32)
  Powers powers;
  double power = 1;
  for (std::size_t k = 0; k < table_pieces; ++k, power *= step) {
    powers.value[k] = static_cast<float>(power);
    powers.rest[k] = static_cast<float>((power - powers.value[k]) / powers.value[k]);
  }
  return powers;
}
inline constexpr Powers powers = make_powers();

// base (1 + rest) = exp(x), or exp(-x - low) if negated, for |x| < 85: x = n ln 2 / 32 + r, exp(r) - 1 by a
// polynomial (Tang 1989, "Table-driven implementation of the exponential function"). n is rounded up, so that
// neither r nor rest is above 0: 1 + rest then has a bit more, and base - 1 and base rest have one sign where
// base <= 1. The error is 3.5e-10; of exp(x), which is for x <= 0 and 1 to be subtracted, also 2.7e-9 |x|,
// from ln 2 as one float.
template <class V>
struct Exponential {
  V base;
  V rest;
};

template <bool negated, class D, class V, bool has_low = true>
HWY_INLINE Exponential<V> exponential(D d, V x, V low) {
  constexpr float sign = negated ? -1 : 1;
  // Adding 1.5 * 2^18 rounds to a multiple of 1 / 32, whose number then stands in the lower bits.
  const V shifter = Set(d, 0x1.8p18F);
  const V shifted = mul_add_up(x, Set(d, sign * std::numbers::log2e_v<float>), shifter);
  const V count = Sub(shifted, shifter);
  V r = MulAdd(count, Set(d, -sign * std::numbers::ln2_v<float>), x);
  if constexpr (has_low) r = Add(r, low);
  // Minimax for (exp(r) - 1) / r on -ln 2 / 32 <= r <= 0: 1.6e-8.
  const V q = Mul(MulAdd(Set(d, 0.16541637F), r, Set(d, sign * 0.49999164F)), r);
  V rest = look_up(powers.rest.data(), shifted);
  if constexpr (negated) {
    constexpr double ln2_rest = std::numbers::ln2 - std::numbers::ln2_v<float>;
    rest = Sub(NegMulAdd(count, Set(d, static_cast<float>(ln2_rest)), rest), r);
  } else {
    rest = Add(rest, r);
  }
  return {scalef(look_up(powers.value.data(), shifted), count),
          negated ? NegMulAdd(q, r, rest) : MulAdd(q, r, rest)};
}

template <bool negated, class D, class V>
HWY_INLINE Exponential<V> exponential(D d, V x) {
  return exponential<negated, D, V, false>(d, x, x);
}

// The polynomials of a table, at a, |a - the middle of the table| < 16 spacings.
template <TableShape shape, class D, class V>
HWY_INLINE V polynomials(D d, const PolynomialTable<shape.degree>& table, V a) {
  const V index = Add(a, Set(d, static_cast<float>(0x1.8p23 * shape.spacing)));
  const V r = Sub(a, look_up(table.rows[0].data(), index));
  V sum = look_up(table.rows[shape.degree + 1].data(), index);
  for (std::size_t i = shape.degree; i > 0; --i) {
    sum = MulAdd(sum, r, look_up(table.rows[i].data(), index));
  }
  return sum;
}

// Of the activation A, see Formula.
template <class A>
inline PolynomialTable<A::value_table.degree> value_table;
template <class A>
inline PolynomialTable<A::slope_table.degree> slope_table;

}  // namespace near

template <class D, class V>
HWY_INLINE V exp_value(D /*d*/, const near::Exponential<V>& e) {
  return MulAdd(e.base, e.rest, e.base);
}
template <class D, class V>
HWY_INLINE V exp_times(D /*d*/, const near::Exponential<V>& e, V factor) {
  const V base = Mul(factor, e.base);
  return MulAdd(base, e.rest, base);
}

// A's value or slope at a, or at -a, over the power of it, as A's table has it.
template <class A, class D, class V>
HWY_INLINE V value_by_table(D d, V a) {
  return near::polynomials<A::value_table>(d, near::value_table<A>, a);
}
template <class A, class D, class V>
HWY_INLINE V slope_by_table(D d, V a) {
  return near::polynomials<A::slope_table>(d, near::slope_table<A>, a);
}

}  // namespace halfwave::catalogue::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HALFWAVE_ACTIVATION_NEAR_INL_H_
