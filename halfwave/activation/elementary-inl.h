// The functions that formulas in the catalogue are made of, for one lane of double (checks; by the C
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

HWY_BEFORE_NAMESPACE();
namespace halfwave::catalogue::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using hn::Abs;
using hn::Add;
using hn::And;
using hn::CopySign;
using hn::Div;
using hn::Eq;
using hn::Ge;
using hn::Gt;
using hn::IfThenElse;
using hn::IfThenElseZero;
using hn::IfThenZeroElse;
using hn::Le;
using hn::Lt;
using hn::Mul;
using hn::MulAdd;
using hn::Neg;
using hn::NegMulAdd;
using hn::Sqrt;
using hn::Sub;
using hn::Vec;
using hn::Zero;

template <class D>
inline constexpr bool is_double = std::is_same_v<hn::TFromD<D>, double>;

template <class D, class T>
HWY_INLINE Vec<D> number(D d, T c) {
  return hn::Set(d, static_cast<hn::TFromD<D>>(c));
}

// The smaller and the larger one; x when x is NaN (Highway's Min and Max leave that open).
template <class V>
HWY_INLINE V at_most(V x, V limit) {
  return IfThenElse(Gt(x, limit), limit, x);
}
template <class V>
HWY_INLINE V at_least(V x, V limit) {
  return IfThenElse(Lt(x, limit), limit, x);
}

// x when x is NaN, else r: for slopes that are constant between kinks.
template <class V>
HWY_INLINE V unless_nan(V x, V r) {
  return IfThenElse(Eq(x, x), r, x);
}

// max(x, 0), with +0 for -0, and min(x, 0).
template <class D, class V>
HWY_INLINE V positive_part(D d, V x) {
  return IfThenZeroElse(Le(x, Zero(d)), x);
}
template <class D, class V>
HWY_INLINE V negative_part(D d, V x) {
  return IfThenZeroElse(Gt(x, Zero(d)), x);
}

// |x|, cut where exp(-|x|) has long been 0, so that |x| times that is 0 at infinity too.
template <class D, class V>
HWY_INLINE V magnitude_for_exp(D d, V x) {
  return at_most(Abs(x), number(d, is_double<D> ? 1000.0 : 150.0));
}

// x with the lower half of its significant bits cleared: the product of two such is exact (Dekker 1971).
template <class D, class V>
HWY_INLINE V leading_half(D d, V x) {
  const hn::RebindToUnsigned<D> bits;
  using Bits = hn::TFromD<decltype(bits)>;
  const auto mask = static_cast<Bits>(~Bits{0} << (is_double<D> ? 27 : 12));
  return And(x, hn::BitCast(d, hn::Set(bits, mask)));
}

// c[0] + c[1] x + c[2] x^2 + ...
template <class D, class V, std::size_t N>
HWY_INLINE V polynomial(D d, V x, const double (&c)[N]) {
  V sum = number(d, c[N - 1]);
  for (std::size_t i = N - 1; i-- > 0;) sum = MulAdd(sum, x, number(d, c[i]));
  return sum;
}

// x = n ln 2 + r with |r| <= 0.36, for -150 <= x + low <= 0 (x exact, low a small correction of it).
// Gives n as bits to be used by power_of_two, and exp(r) - 1.
template <class D, class V, class VI>
HWY_INLINE void reduce_exp(D d, V x, V low, VI& n, V& expm1_r) {
  const hn::RebindToSigned<D> di;
  // Adding 1.5 * 2^23 rounds to an integer, which then stands in the lower bits.
  const V shifter = number(d, 0x1.8p23);
  const V shifted = MulAdd(Add(x, low), number(d, std::numbers::log2e), shifter);
  n = Sub(hn::BitCast(di, shifted), hn::BitCast(di, shifter));
  const V count = Sub(shifted, shifter);
  // ln 2 in two parts, the first with enough trailing zeros for count * part to be exact (Cody and Waite
  // 1980).
  V r = NegMulAdd(count, number(d, 0x1.62e4p-1), x);
  r = Add(NegMulAdd(count, number(d, 0x1.7f7d1cf79abcap-20), r), low);
  // Minimax for (exp(r) - 1 - r) / r^2 on |r| <= 0.4, relative to exp(r): 3.3e-10.
  constexpr double c[] = {0.5000000191,   0.1666666688,   0.04166591023,
                          0.008333249334, 0.001396845268, 0.0001992963386};
  expm1_r = MulAdd(Mul(r, r), polynomial(d, r, c), r);
}

template <class D, class VI>
HWY_INLINE Vec<D> power_of_two(D d, VI n) {
  const hn::RebindToSigned<D> di;
  return hn::BitCast(d, hn::ShiftLeft<23>(Add(n, hn::Set(di, 127))));
}

// factor * exp(x + low) for x + low <= 0 (low as above). The product is formed before the last scaling, so
// that a result that is no denormal number has full precision even where exp(x) alone is one.
template <class D, class V>
HWY_INLINE V exp_times(D d, V x, V low, V factor) {
  if constexpr (is_double<D>) {
    return number(d, hn::GetLane(factor) * std::exp(hn::GetLane(Add(x, low))));
  } else {
    Vec<hn::RebindToSigned<D>> n;
    V expm1_r;
    reduce_exp(d, at_least(x, number(d, -150)), low, n, expm1_r);
    const auto half = hn::ShiftRight<1>(n);
    const V scaled = Mul(MulAdd(factor, expm1_r, factor), power_of_two(d, half));
    return Mul(scaled, power_of_two(d, Sub(n, half)));
  }
}

template <class D, class V>
HWY_INLINE V exp_times(D d, V x, V factor) {
  return exp_times(d, x, Zero(d), factor);
}

// exp(x) for x <= 0.
template <class D, class V>
HWY_INLINE V exp_negative(D d, V x) {
  return exp_times(d, x, number(d, 1));
}

// exp(x) - 1 for x <= 0; does not keep the sign of -0.
template <class D, class V>
HWY_INLINE V expm1_negative(D d, V x) {
  if constexpr (is_double<D>) {
    return number(d, std::expm1(hn::GetLane(x)));
  } else {
    Vec<hn::RebindToSigned<D>> n;
    V expm1_r;
    reduce_exp(d, at_least(x, number(d, -30)), Zero(d), n, expm1_r);
    const V scale = power_of_two(d, n);
    return MulAdd(scale, expm1_r, Sub(scale, number(d, 1)));
  }
}

// log(1 + e) / e for 0 <= e <= 1; 1 at 0.
template <class D, class V>
HWY_INLINE V log1p_ratio(D d, V e) {
  if constexpr (is_double<D>) {
    const double scalar = hn::GetLane(e);
    return number(d, scalar == 0 ? 1 : std::log1p(scalar) / scalar);
  } else {
    // log(1 + e) = 2 atanh(e / (2 + e)). Minimax for (atanh(s) / s - 1) / s^2 in s^2 on [0, 1/9]: 1.8e-10.
    constexpr double c[] = {0.3333333508, 0.1999965105, 0.1430310198, 0.1076797389, 0.1195865191};
    const V ratio = Div(number(d, 2), Add(e, number(d, 2)));
    const V s = Mul(Mul(e, ratio), number(d, 0.5));
    const V s2 = Mul(s, s);
    return MulAdd(ratio, Mul(s2, polynomial(d, s2, c)), ratio);
  }
}

// tanh(x), in [-1, 1].
template <class D, class V>
HWY_INLINE V tanh(D d, V x) {
  const V m = expm1_negative(d, Mul(number(d, -2), Abs(x)));
  return CopySign(Div(m, Add(m, number(d, 2))), x);
}

// x - tanh(x).
template <class D, class V>
HWY_INLINE V minus_tanh(D d, V x) {
  // (x - tanh(x)) / x^3 as a polynomial in x^2: the Taylor series for double, minimax on [0, 2] for float
  // (9.5e-9).
  constexpr double taylor[] = {1.0 / 3,      -2.0 / 15,       17.0 / 315,
                               -62.0 / 2835, 1382.0 / 155925, -21844.0 / 6081075};
  constexpr double minimax[] = {0.3333333302,   -0.1333330165,   0.0539629149,   -0.02183395487,
                                0.00874032326,  -0.003339665489, 0.001123140831, -0.0002931135968,
                                4.989000852e-5, -4.00241887e-6};
  const V x2 = Mul(x, x);
  V near;
  if constexpr (is_double<D>) {
    near = polynomial(d, x2, taylor);
  } else {
    near = polynomial(d, x2, minimax);
  }
  return IfThenElse(Lt(x2, number(d, is_double<D> ? 0.01 : 2.0)), Mul(Mul(x, x2), near), Sub(x, tanh(d, x)));
}

// The upper tail of the normal distribution over its density's exponential: Q(a) exp(a^2 / 2) for
// 0 <= a <= normal_limit.
template <class D>
inline constexpr double normal_limit = is_double<D> ? 37 : 15;

template <class D, class V>
HWY_INLINE V normal_tail_ratio(D d, V a) {
  if constexpr (is_double<D>) {
    const double scalar = hn::GetLane(a);
    return number(d, std::erfc(scalar / std::numbers::sqrt2) / 2 * std::exp(scalar * scalar / 2));
  } else {
    // Minimax for ratio * (a + 4) in (a - 4) / (a + 4) for a on [0, 15], relative: 1.3e-9.
    constexpr double c[] = {0.7552851313,    -0.6078966494,    0.3871373049,    -0.186521574,
                            0.06039835335,   -0.007542613219,  -0.003492220675, 0.001635485187,
                            0.0001718601482, -0.0002192825231, -4.506033405e-5};
    const V reciprocal = Div(number(d, 1), Add(a, number(d, 4)));
    return Mul(polynomial(d, Mul(Sub(a, number(d, 4)), reciprocal), c), reciprocal);
  }
}

// factor * exp(-(u + low)^2 * scale), scale a power of two, low a small correction of u.
template <class D, class V>
HWY_INLINE V exp_minus_square_times(D d, V u, V low, double scale, V factor) {
  // The rounding error of u^2 would be multiplied by u^2 in the result: it is squared in two parts.
  const V high = leading_half(d, u);
  const V rest = Add(Sub(u, high), low);
  const V square_rest = Mul(rest, Add(Add(high, high), rest));
  const V minus_scale = number(d, -scale);
  return exp_times(d, Mul(minus_scale, Mul(high, high)), Mul(minus_scale, square_rest), factor);
}

}  // namespace halfwave::catalogue::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HALFWAVE_ACTIVATION_ELEMENTARY_INL_H_
