// The functions that formulas in the catalogue are made of, for a double or long double (checks; by the C
// library) and for vectors of float. All pass NaN on and accept infinities. The exponential functions take
// arguments <= 0 only: written so, no formula overflows, and none loses its tail by cancellation.
// Per-target header: included once for each instruction set.

#if defined(HALFWAVE_ACTIVATION_ELEMENTARY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_ACTIVATION_ELEMENTARY_INL_H_
#undef HALFWAVE_ACTIVATION_ELEMENTARY_INL_H_
#else
#define HALFWAVE_ACTIVATION_ELEMENTARY_INL_H_
#endif

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <type_traits>

#include <hwy/highway.h>
#include "halfwave/activation/near-inl.h"
#include "halfwave/base/twin-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::catalogue::HWY_NAMESPACE {
using namespace simd::HWY_NAMESPACE;

// Whether the formulas are to compute in full precision, by the C library: for checks.
template <class D>
inline constexpr bool is_reference = !std::is_same_v<Lane<D>, float>;

template <class D, class T>
HWY_INLINE Vec<D> number(D d, T c) {
  return Set(d, static_cast<Lane<D>>(c));
}

// The smaller and the larger one; x when x is NaN.
#undef HALFWAVE_X86_MIN
#define HALFWAVE_X86_MIN (HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128)
template <class V>
HWY_INLINE V at_most(V x, V limit) {
#if HALFWAVE_X86_MIN
  return Min(limit, x);  // gives the second one where one is NaN
#else
  return IfThenElse(Gt(x, limit), limit, x);
#endif
}
template <class V>
HWY_INLINE V at_least(V x, V limit) {
#if HALFWAVE_X86_MIN
  return Max(limit, x);
#else
  return IfThenElse(Lt(x, limit), limit, x);
#endif
}

// x when x is NaN, else r: for slopes that are constant between kinks.
template <class V>
HWY_INLINE V unless_nan(V x, V r) {
  return IfThenElse(Eq(x, x), r, x);
}

// max(x, 0), with +0 for -0 (unless near), and min(x, 0).
template <class D, class V>
HWY_INLINE V positive_part(D d, V x) {
  if constexpr (is_near<D>) return at_least(x, Zero(d));
  return IfThenZeroElse(Le(x, Zero(d)), x);
}
template <class D, class V>
HWY_INLINE V negative_part(D d, V x) {
  return at_most(x, Zero(d));
}

// x, cut where exp(x) has long been 0, so that x times that is 0 at minus infinity too.
template <class D, class V>
HWY_INLINE V cut_below(D d, V x) {
  return at_least(x, number(d, is_reference<D> ? -1000.0 : -125.0));
}
template <class D, class V>
HWY_INLINE V minus_magnitude(D d, V x) {
  return cut_below(d, Neg(Abs(x)));
}

// A's value near 0, where f(x) - f(-x) = x: max(x, 0) + f(-|x|), the latter from A's table.
template <class A, class D, class V>
HWY_INLINE V rectifier_and_tail(D d, V x) {
  return Add(positive_part(d, x), value_by_table<A>(d, at_most(Abs(x), number(d, -A::near_value.low))));
}

// From here on a function that tends to 1 there is 1, and one that tends to x is x.
template <class D>
inline constexpr double far = is_reference<D> ? 50 : 20;

// c[0] + c[1] x + c[2] x^2 + ...
template <class D, class V, std::size_t N>
HWY_INLINE V polynomial(D d, V x, const double (&c)[N]) {
  V sum = number(d, c[N - 1]);
  for (std::size_t i = N - 1; i-- > 0;) sum = MulAdd(sum, x, number(d, c[i]));
  return sum;
}

// A number in two parts, high + low: low is small beside high, and what rounding left of it.
template <class V>
struct Pair {
  V high;
  V low;
  HWY_INLINE V rounded() const { return Add(high, low); }
};

// larger + smaller, exactly, for |larger| >= |smaller| or larger = 0 (Dekker 1971).
template <class V>
HWY_INLINE Pair<V> sum(V larger, V smaller) {
  const V high = Add(larger, smaller);
  return {high, Sub(smaller, Sub(high, larger))};
}

// Whether MulAdd rounds once.
#if HWY_TARGET == HWY_SSE2 || HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4 || \
    HWY_TARGET == HWY_EMU128 || HWY_TARGET == HWY_SCALAR
template <class D>
inline constexpr bool is_fused = false;
#else
template <class D>
inline constexpr bool is_fused = !is_reference<D>;
#endif

// x with the lower half of its significant bits cleared: the product of two such is exact (Dekker 1971).
template <class D, class V>
HWY_INLINE V leading_half(D d, V x) {
  return And(x, BitCast(d, Set(SignedTag<D>(), ~((1 << 12) - 1))));
}

// a b, exactly.
template <class D, class V>
HWY_INLINE Pair<V> product(D d, V a, V b) {
  const V high = Mul(a, b);
  if constexpr (is_reference<D>) {
    return {high, Zero(d)};
  } else if constexpr (is_fused<D>) {
    return {high, MulSub(a, b, high)};
  } else {
    const V a_high = leading_half(d, a);
    const V b_high = leading_half(d, b);
    const V a_low = Sub(a, a_high);
    const V b_low = Sub(b, b_high);
    const V middle = Add(Sub(Mul(a_high, b_high), high), Add(Mul(a_high, b_low), Mul(a_low, b_high)));
    return {high, Add(middle, Mul(a_low, b_low))};
  }
}

// a b + c, unrounded, for |c| >= |a b|; where MulAdd rounds once also where c - (a b + c), rounded, is exact.
template <class D, class V>
HWY_INLINE Pair<V> mul_add_pair(D d, V a, V b, V c) {
  if constexpr (is_fused<D>) {
    const V high = MulAdd(a, b, c);
    return {high, MulAdd(a, b, Sub(c, high))};
  } else {
    const Pair<V> ab = product(d, a, b);
    const Pair<V> whole = sum(c, ab.high);
    return {whole.high, Add(whole.low, ab.low)};
  }
}

// first + x (c[0] + c[1] x + ...), the last sum unrounded.
template <class D, class V, std::size_t N>
HWY_INLINE Pair<V> polynomial_pair(D d, V x, double first, const double (&c)[N]) {
  return mul_add_pair(d, x, polynomial(d, x, c), number(d, first));
}

// q + rest * reciprocal, the last two of half the precision.
template <class V>
struct Quotient {
  V q;
  V rest;
  V reciprocal;
  HWY_INLINE V rounded() const { return MulAdd(rest, reciprocal, q); }
  HWY_INLINE Pair<V> pair() const {
    const V high = rounded();
    return {high, MulAdd(rest, reciprocal, Sub(q, high))};
  }
};

// n / s, with an error well below a unit in the last place. s is normal, and neither it nor n is near
// overflow.
template <class D, class V, bool has_low = true>
HWY_INLINE Quotient<V> quotient(D d, const Pair<V>& n, const Pair<V>& s) {
  if constexpr (is_reference<D>) {
    return {Div(Add(n.high, n.low), Add(s.high, s.low)), Zero(d), Zero(d)};
  } else {
    const V reciprocal = ApproximateReciprocal(s.high);
#if HALFWAVE_AVX512
    // Its 14 bits are enough for one step of Newton's.
    const V q = Mul(n.high, reciprocal);
#else
    const V q = Div(n.high, s.high);
#endif
    V rest = n.high;
    if constexpr (is_fused<D>) {
      rest = NegMulAdd(q, s.high, rest);
    } else {
      const Pair<V> back = product(d, q, s.high);
      rest = Sub(Sub(rest, back.high), back.low);
    }
    if constexpr (has_low) rest = Add(rest, n.low);
    rest = NegMulAdd(q, s.low, rest);
    return {q, rest, reciprocal};
  }
}
template <class D, class V>
HWY_INLINE Quotient<V> quotient(D d, V n, const Pair<V>& s) {
  return quotient<D, V, false>(d, {n, Zero(d)}, s);
}

// x / 6; where x is infinite, anything.
template <class D, class V>
HWY_INLINE V sixth(D d, V x) {
  const V six = number(d, 6);
  if constexpr (is_fused<D>) {
    const V reciprocal = number(d, 1.0 / 6);
    const V q = Mul(x, reciprocal);
    return MulAdd(NegMulAdd(q, six, x), reciprocal, q);
  } else {
    return Div(x, six);
  }
}

// exp(x) in parts: (1 + rest) * 2^count, the second factor as scaled() wants it.
template <class V>
struct Exponential {
  Pair<V> rest;
  V power;
};

// x 2^count, rounded once; what power is made of differs.
template <class D, class V>
HWY_INLINE V scaled(D d, V x, V power) {
  if constexpr (is_reference<D>) {
    return Mul(x, power);
  } else {
#if HALFWAVE_AVX512
    return scalef(x, power);
#else
    return Mul(Mul(x, power), number(d, 0x1p-64));
#endif
  }
}
// power, or that of 2^0.
template <class D, class M, class V>
HWY_INLINE V if_then_power(D d, M mask, V power) {
  if constexpr (HALFWAVE_AVX512 && !is_reference<D>) {
    return IfThenElseZero(mask, power);
  } else {
    return IfThenElse(mask, power, number(d, is_reference<D> ? 1.0 : 0x1p64));
  }
}

// exp(x + low) for -125 <= x + low <= 43 (x exact, low a small correction of it).
template <class D, class V, bool has_low = true>
HWY_INLINE Exponential<V> exponential(D d, V x, V low) {
  if constexpr (is_reference<D>) {
    return {{Zero(d), Zero(d)}, number(d, std::exp(Add(x, low).value))};
  } else {
    // Adding 1.5 * 2^23 rounds to an integer, which then stands in the lower bits: n + 191, for them to be
    // the exponent of 2^(n + 64) when shifted.
    const V shifter = number(d, 0x1.8p23 + 191);
    const V shifted = MulAdd(x, number(d, std::numbers::log2e), shifter);
    const V count = Sub(shifted, shifter);
    // ln 2 in two parts, the first with enough trailing zeros for count * part to be exact (Cody and Waite
    // 1980).
    const V first = NegMulAdd(count, number(d, 0x1.62e4p-1), x);
    const V ln2_low = number(d, 0x1.7f7d1cf79abcap-20);
    const V second = has_low ? NegMulAdd(count, ln2_low, low) : Mul(count, Neg(ln2_low));
    const V r = Add(first, second);
    const V r_low = Sub(second, Sub(r, first));
    // Minimax for (exp(r) - 1 - r) / r^2 on |r| <= 0.3475, relative to exp(r) - 1: 2.5e-10.
    constexpr double c[] = {0.500000004484,   0.166666663659,   0.0416663577776,
                            0.00833338994503, 0.00139408929258, 0.000198459040982};
    const V r2 = Mul(r, r);
    const V p = polynomial(d, r, c);
    Pair<V> rest = mul_add_pair(d, r2, p, r);
    rest.low = Add(rest.low, r_low);
#if HALFWAVE_AVX512
    return {rest, count};
#else
    return {rest, BitCast(d, ShiftLeft<23>(BitCast(SignedTag<D>(), shifted)))};
#endif
  }
}
template <class D, class V>
HWY_INLINE Exponential<V> exponential(D d, V x) {
  return exponential<D, V, false>(d, x, Zero(d));
}
template <class D, class V>
HWY_INLINE Exponential<V> exponential(D d, const Pair<V>& x) {
  return exponential(d, x.high, x.low);
}

// factor (1 + rest).
template <class D, class V>
HWY_INLINE Pair<V> times(D d, V factor, const Pair<V>& rest) {
  return mul_add_pair(d, factor, rest.high, factor);
}

// factor * exp(x). The product is formed before the scaling, so that a result that is no denormal number has
// full precision even where exp(x) alone is one.
template <class D, class V>
HWY_INLINE V exp_times(D d, const Exponential<V>& e, V factor) {
  return scaled(d, MulAdd(factor, e.rest.high, factor), e.power);
}
template <class D, class V>
HWY_INLINE V exp_times(D d, const Exponential<V>& e, const Pair<V>& factor) {
  const Pair<V> whole = times(d, factor.high, e.rest);
  const V low = MulAdd(factor.high, e.rest.low, Add(whole.low, factor.low));
  return scaled(d, Add(whole.high, low), e.power);
}
template <class D, class V>
HWY_INLINE V exp_value(D d, const Exponential<V>& e) {
  return scaled(d, Add(number(d, 1), e.rest.high), e.power);
}

// exp(x) - 1 for x <= 0; does not keep the sign of -0.
template <class D, class V>
HWY_INLINE V expm1_negative(D d, V x) {
  if constexpr (is_reference<D>) {
    return number(d, std::expm1(x.value));
  } else if constexpr (is_near<D>) {
    const auto e = near::exponential<false>(d, x);
    return MulAdd(e.base, e.rest, Sub(e.base, number(d, 1)));
  } else {
    const Exponential<V> e = exponential(d, at_least(x, number(d, -30)));
    const V one = number(d, 1);
    const V power = scaled(d, one, e.power);
    return MulAdd(power, e.rest.high, Sub(power, one));
  }
}
// factor (exp(x) - 1) for x <= 0.
template <class D, class V>
HWY_INLINE V times_expm1_negative(D d, V factor, V x) {
  if constexpr (is_near<D>) {
    const auto e = near::exponential<false>(d, x);
    const Pair<V> base = product(d, factor, e.base);
    return MulAdd(base.high, e.rest, Add(Sub(base.high, factor), base.low));
  } else {
    return Mul(factor, expm1_negative(d, x));
  }
}
template <class D, class V>
HWY_INLINE Pair<V> expm1_negative_pair(D d, V x) {
  if constexpr (is_reference<D>) {
    return {expm1_negative(d, x), Zero(d)};
  } else {
    const Exponential<V> e = exponential(d, at_least(x, number(d, -30)));
    const V power = scaled(d, number(d, 1), e.power);
    const Pair<V> whole = sum(number(d, -1), power);
    const Pair<V> m = sum(whole.high, Mul(power, e.rest.high));
    return {m.high, Add(MulAdd(power, e.rest.low, m.low), whole.low)};
  }
}

// log(1 + e) / e for 0 <= e <= 1; 1 at 0.
template <class D, class V>
HWY_INLINE Pair<V> log1p_ratio(D d, V e) {
  if constexpr (is_reference<D>) {
    return {number(d, e.value == 0 ? 1 : std::log1p(e.value) / e.value), Zero(d)};
  } else {
    // Minimax in e - 1/2, relative: 7.5e-10.
    constexpr double c[] = {-0.288527112183,   0.132609777977,  -0.0676876085878,  0.0366106980946,
                            -0.0205715934977,  0.0118536686069, -0.00674298970579, 0.00398455614388,
                            -0.00325633133031, 0.0020302446461};
    return polynomial_pair(d, Sub(e, number(d, 0.5)), 0.810930216136, c);
  }
}

// 1 + y, exactly, for y > 0.
template <class D, class V>
HWY_INLINE Pair<V> one_plus(D d, V y) {
  const V one = number(d, 1);
  return sum(at_least(y, one), at_most(y, one));
}

// factor / (1 + exp(-x)), given e = exp(-|x|) and tail = factor (1 + e.rest).
template <class D, class V>
HWY_INLINE V logistic(D d, V x, const Exponential<V>& e, V factor, const Pair<V>& tail) {
  const auto negative = Lt(x, Zero(d));
  const Pair<V> top = {IfThenElse(negative, tail.high, factor), IfThenElseZero(negative, tail.low)};
  const V q = quotient(d, top, sum(number(d, 1), exp_value(d, e))).rounded();
  return scaled(d, q, if_then_power(d, negative, e.power));
}

// factor / (1 + exp(-x)).
template <class D, class V>
HWY_INLINE V times_logistic(D d, V factor, V x) {
  if constexpr (is_near<D>) {
    const auto e = near::exponential<true>(d, x);
    const V one = number(d, 1);
    return Div(factor, MulAdd(e.base, Add(one, e.rest), one));
  } else {
    const Exponential<V> e = exponential(d, minus_magnitude(d, x));
    return logistic(d, x, e, factor, times(d, factor, e.rest));
  }
}

// tanh(-|x|), in [-1, 0].
template <class D, class V>
HWY_INLINE Quotient<V> tanh_negative(D d, V x) {
  const Pair<V> m = expm1_negative_pair(d, Mul(number(d, -2), Abs(x)));
  const Pair<V> s = sum(number(d, 2), m.high);
  return quotient(d, m, Pair<V>{s.high, Add(s.low, m.low)});
}
// ratio x^3, given x^2.
template <class D, class V, bool has_low = true>
HWY_INLINE V times_cube(D d, const Pair<V>& ratio, V x, const Pair<V>& square) {
  const Pair<V> factor = product(d, x, ratio.high);
  const V rest = has_low ? MulAdd(x, ratio.low, factor.low) : factor.low;
  return MulAdd(factor.high, square.high, MulAdd(factor.high, square.low, Mul(rest, square.high)));
}
template <class D, class V>
HWY_INLINE V times_cube(D d, V ratio, V x, const Pair<V>& square) {
  return times_cube<D, V, false>(d, {ratio, Zero(d)}, x, square);
}
// x - tanh(x).
template <class D, class V>
HWY_INLINE V minus_tanh(D d, V x) {
  // (x - tanh(x)) / x^3 as a polynomial: the Taylor series in x^2 for checks, minimax in x^2 - 1 on
  // [-1, 0.26] for floats (2.6e-9).
  constexpr double taylor[] = {-2.0 / 15, 17.0 / 315, -62.0 / 2835, 1382.0 / 155925, -21844.0 / 6081075};
  constexpr double minimax[] = {-0.0675959282348,   0.01945106624,     -0.00560823980474, 0.00161520858906,
                                -0.000465226275835, 0.000153222530581, -4.63290147903e-6, 3.39642282989e-5};
  const Pair<V> x2 = product(d, x, x);
  const V one = number(d, 1);
  const Pair<V> near = is_reference<D> ? polynomial_pair(d, x2.high, 1.0 / 3, taylor)
                                       : polynomial_pair(d, Sub(x2.high, one), 0.238405843691, minimax);
  const Pair<V> t = tanh_negative(d, x).pair();
  const V distant = CopySign(Add(Add(Abs(x), t.high), t.low), x);
  const V limit = number(d, is_reference<D> ? 0.003 : 1.25);
  return IfThenElse(Lt(x2.high, limit), times_cube(d, near, x, x2), distant);
}

// The upper tail of the normal distribution over its density's exponential: Q(a) exp(a^2 / 2) for
// 0 <= a <= normal_limit.
template <class D>
inline constexpr double normal_limit = is_reference<D> ? 37 : 15;

// In two factors: it is ratio / (a + 4), and a times it is ratio * w, with w = a / (a + 4).
template <class D, class V>
HWY_INLINE void normal_tail(D d, V a, Pair<V>& ratio, Pair<V>& w) {
  const V four = number(d, 4);
  w = quotient(d, a, sum(at_least(a, four), at_most(a, four))).pair();
  if constexpr (is_reference<D>) {
    const auto root_2 = std::numbers::sqrt2_v<Lane<D>>;
    const auto tail = std::erfc(a.value / root_2) / 2 * std::exp(a.value * a.value / 2);
    ratio.high = number(d, tail * (a.value + 4));
    ratio.low = Zero(d);
  } else {
    // Minimax in (a - 4) / (a + 4) = 2 w - 1, relative: 8.8e-9.
    constexpr double c[] = {-0.607896586556,  0.387136903847,    -0.186523485944,
                            0.0604037652389,  -0.00752500387996, -0.00351207984833,
                            0.00156958933016, 0.000178373762599, -0.000132432010092};
    const V z = Sub(Add(w.high, w.high), number(d, 1));
    ratio = polynomial_pair(d, z, 0.755285135363, c);
    // What w.low makes of it: d log(ratio) / dz is about 0.3 z - 0.805, and dz / dw = 2.
    const V derivative = MulAdd(number(d, 0.6), z, number(d, -1.61));
    ratio.low = MulAdd(Mul(ratio.high, derivative), w.low, ratio.low);
  }
}

}  // namespace halfwave::catalogue::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HALFWAVE_ACTIVATION_ELEMENTARY_INL_H_
