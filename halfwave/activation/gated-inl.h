// Catalogue, part 3: x times a smooth gate that goes from 0 to 1. All are computed from |x|, with the tail
// of the gate as one product with exp, so that nothing cancels or overflows for large |x|.
// Per-target header: included once for each instruction set.

#if defined(HALFWAVE_ACTIVATION_GATED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_ACTIVATION_GATED_INL_H_
#undef HALFWAVE_ACTIVATION_GATED_INL_H_
#else
#define HALFWAVE_ACTIVATION_GATED_INL_H_
#endif

#include <numbers>

#include <hwy/highway.h>
#include "halfwave/activation/formula-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::catalogue::HWY_NAMESPACE {

// x sigmoid(w(x)) for an odd, increasing w, and its derivative, given -a = -|x| (cut), e = exp(-w(a)) and
// w'(a).
template <class D, class V>
HWY_INLINE V logistic_gate(D d, V x, V minus_a, const Exponential<V>& e) {
  const V factor = at_least(x, minus_a);
  const V y = logistic(d, x, e, factor, times(d, factor, e.rest));
  return IfThenElse(Gt(x, number(d, far<D>)), x, y);  // the gate is open; and infinity has no quotient
}
template <class D, class V>
HWY_INLINE V logistic_gate_slope(D d, V x, V minus_a, const Exponential<V>& e, V dw) {
  const V one = number(d, 1);
  const V open = quotient(d, one, sum(one, exp_value(d, e))).rounded();
  const V bend = Mul(Mul(minus_a, dw), open);
  const Pair<V> factor = sum(one, bend);
  const Pair<V> part = product(d, open, factor.high);
  const V negative = exp_times(d, e, Pair<V>{part.high, MulAdd(open, factor.low, part.low)});
  // The gates of x and -x make 1, and so do the slopes.
  return IfThenElse(Lt(x, Zero(d)), negative, Sub(one, negative));
}

// The slope near 0 of x gate(x), where gate(x) + gate(-x) = 1, from the table of its left side.
template <class A, class D, class V>
HWY_INLINE V near_gate_slope(D d, V x) {
  const V tail = slope_by_table<A>(d, at_most(Abs(x), number(d, -A::near_slope.low)));
  return IfThenElse(Gt(x, Zero(d)), Sub(number(d, 1), tail), tail);
}

struct Gelu : Formula {
  static constexpr double inverse_root_two_pi = std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  static constexpr ActivationInfo info{
      .name = "gelu",
      .formula = "x (1 + erf(x / sqrt(2))) / 2",
      .slope_formula = "(1 + erf(x / sqrt(2))) / 2 + x exp(-x^2 / 2) / sqrt(2 pi)",
      .source = "Hendrycks and Gimpel 2016, section 2",
      .forward_error = {2.3, 0},
      .backward_error = {2.8, 0x1p-24},
  };
  // exp(-a^2 / 2)
  template <class D, class V>
  static HWY_INLINE auto density(D d, V a) {
    return exponential(d, product(d, Mul(a, number(d, -0.5)), a));
  }
  static constexpr Reach near_value{-6.25F, no_limit};
  static constexpr Reach near_slope{-6.25F, no_limit};
  static constexpr TableShape value_table{.degree = 7, .spacing = 0.25, .mirrored = true};
  static constexpr TableShape slope_table{.degree = 7, .spacing = 0.25, .mirrored = true};
  // The minimum, at x = -0.7517916.
  static Activation::Range range(const Parameters& /*p*/) { return {-0.16997120747990369, infinity}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    if constexpr (is_near<D>) {
      return rectifier_and_tail<Gelu>(d, x);
    } else {
      const V a = at_most(Abs(x), number(d, normal_limit<D>));
      Pair<V> ratio = {x, x};
      Pair<V> w = {x, x};
      normal_tail(d, a, ratio, w);
      const Pair<V> high = product(d, ratio.high, w.high);
      const V low = MulAdd(ratio.high, w.low, MulAdd(ratio.low, w.high, high.low));
      const V tail = exp_times(d, density(d, a), Pair<V>{high.high, low});
      return IfThenElse(Lt(x, Zero(d)), Neg(tail), Sub(x, tail));
    }
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& /*p*/) {
    if constexpr (is_near<D>) {
      return near_gate_slope<Gelu>(d, x);
    } else {
      const V a = at_most(Abs(x), number(d, normal_limit<D>));
      Pair<V> ratio = {x, x};
      Pair<V> w = {x, x};
      normal_tail(d, a, ratio, w);
      // (1 - w) / 4 = 1 / (a + 4)
      const V quarter = number(d, 0.25);
      const Pair<V> share = sum(quarter, Mul(w.high, number(d, -0.25)));
      const Pair<V> tail_ratio = product(d, ratio.high, share.high);
      const V low = MulAdd(ratio.high, NegMulAdd(w.low, quarter, share.low),
                           MulAdd(ratio.low, share.high, tail_ratio.low));
      Pair<V> factor = mul_add_pair(d, a, number(d, -inverse_root_two_pi), tail_ratio.high);
      factor.low = Add(factor.low, low);
      const V tail = exp_times(d, density(d, a), factor);
      return IfThenElse(Lt(x, Zero(d)), tail, Sub(number(d, 1), tail));
    }
  }
};

struct GeluTanh : Formula {
  static constexpr double linear = 2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi;  // 2 sqrt(2 / pi)
  static constexpr double cubic = 0.044715 * linear;
  static constexpr ActivationInfo info{
      .name = "gelu_tanh",
      .formula = "x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2",
      .slope_formula = "g + x g (1 - g) w'; w = 2 sqrt(2 / pi) (x + 0.044715 x^3), g = sigmoid(w)",
      .source = "Hendrycks and Gimpel 2016, section 2",
      .forward_error = {1.9, 0},
      .backward_error = {2, 0x1p-24},
  };
  static constexpr Reach near_value{-6.125F, no_limit};
  static constexpr Reach near_slope{-6.25F, no_limit};
  static constexpr TableShape value_table{.degree = 8, .spacing = 0.25, .mirrored = true};
  static constexpr TableShape slope_table{.degree = 8, .spacing = 0.25, .mirrored = true};
  // The minimum, at x = -0.7524614.
  static Activation::Range range(const Parameters& /*p*/) { return {-0.17004075057125411, infinity}; }

  // |x|, cut where the gate has long been closed.
  template <class D, class V>
  static HWY_INLINE V cut_magnitude(D d, V x) {
    return at_most(Abs(x), number(d, is_reference<D> ? 25.0 : 11.0));
  }
  // -w(a), exactly enough to be an argument of exp.
  template <class D, class V>
  static HWY_INLINE Pair<V> minus_argument(D d, V a) {
    const Pair<V> square = product(d, a, a);
    const V factor = number(d, -cubic);
    const auto [high, high_low] = product(d, square.high, factor);
    const V low = MulAdd(square.high, rest_of(d, -cubic), MulAdd(square.low, factor, high_low));
    // high - linear, either of which may be the larger one (Knuth's TwoSum).
    const V constant = number(d, -linear);
    const V total = Add(high, constant);
    const V back = Sub(total, high);
    const V left = Add(Sub(high, Sub(total, back)), Sub(constant, back));
    const Pair<V> w = product(d, a, total);
    return {w.high, MulAdd(a, Add(Add(left, low), rest_of(d, -linear)), w.low)};
  }
  // What is left of a constant when it is rounded to a lane.
  template <class D>
  static HWY_INLINE Vec<D> rest_of(D d, double c) {
    return number(d, c - static_cast<double>(static_cast<Lane<D>>(c)));
  }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    if constexpr (is_near<D>) {
      return rectifier_and_tail<GeluTanh>(d, x);
    } else {
      const V a = cut_magnitude(d, x);
      const Pair<V> w = minus_argument(d, a);
      return logistic_gate(d, x, Neg(a), exponential(d, w));
    }
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& /*p*/) {
    if constexpr (is_near<D>) {
      return near_gate_slope<GeluTanh>(d, x);
    } else {
      const V a = cut_magnitude(d, x);
      const Pair<V> w = minus_argument(d, a);
      const V dw = MulAdd(Mul(a, a), number(d, 3 * cubic), number(d, linear));
      return logistic_gate_slope(d, x, Neg(a), exponential(d, w), dw);
    }
  }
};

struct Silu : Formula {
  static constexpr ActivationInfo info{
      .name = "silu",
      .formula = "x / (1 + exp(-x))",
      .slope_formula = "g + x g (1 - g); g = 1 / (1 + exp(-x))",
      .source = "Elfwing et al. 2018, section 2; Ramachandran et al. 2017 (swish)",
      .forward_error = {2, 0},
      .backward_error = {2, 0x1p-24},
  };
  static constexpr Reach near_value{-8, 80};
  static constexpr Reach near_slope{-15.5F, 15.5F};
  static constexpr TableShape slope_table{.degree = 6, .spacing = 0.5, .mirrored = true};
  // The minimum, at x = -1.2784645.
  static Activation::Range range(const Parameters& /*p*/) { return {-0.27846454276107380, infinity}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    if constexpr (is_near<D>) {
      return times_logistic(d, x, x);
    } else {
      const V minus_a = minus_magnitude(d, x);
      return logistic_gate(d, x, minus_a, exponential(d, minus_a));
    }
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& /*p*/) {
    if constexpr (is_near<D>) {
      return near_gate_slope<Silu>(d, x);
    } else {
      const V minus_a = minus_magnitude(d, x);
      return logistic_gate_slope(d, x, minus_a, exponential(d, minus_a), number(d, 1));
    }
  }
};

// tanh(log(1 + exp(x))) is a ratio of polynomials in exp(x).
struct Mish : Formula {
  static constexpr ActivationInfo info{
      .name = "mish",
      .formula = "x tanh(log(1 + exp(x)))",
      .slope_formula = "t + x (1 - t^2) / (1 + exp(-x)); t = tanh(log(1 + exp(x)))",
      .source = "Misra 2020, \"Mish: A Self Regularized Non-Monotonic Activation Function\"",
      .forward_error = {2, 0},
      .backward_error = {2.5, 0x1p-24},
  };
  static constexpr Reach near_value{-7.25F, no_limit};
  static constexpr Reach near_slope{-16, no_limit};
  static constexpr TableShape value_table{.degree = 5, .spacing = 0.5, .first = -14};
  static constexpr int value_power = 1;
  static constexpr TableShape slope_table{.degree = 8, .first = -18};
  // The minimum, at x = -1.1924312.
  static Activation::Range range(const Parameters& /*p*/) { return {-0.30884341301725041, infinity}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    if constexpr (is_near<D>) {
      const V limit = number(d, 8.7);
      return IfThenElse(Gt(x, limit), x, Mul(x, value_by_table<Mish>(d, x)));
    } else {
      const V cut = at_most(cut_below(d, x), number(d, far<D>));
      const auto exp_x = exponential(d, cut);
      const V e = exp_value(d, exp_x);
      // t = e (e + 2) / (e (e + 2) + 2), and for x >= 0 better 1 - 2 / (e (e + 2) + 2).
      const auto negative = Lt(x, Zero(d));
      const V two = number(d, 2);
      const Pair<V> top = sum(two, e);
      const Pair<V> factor = product(d, cut, top.high);
      const Pair<V> tail = times(d, factor.high, exp_x.rest);
      const V low = Add(tail.low, MulAdd(cut, top.low, factor.low));
      const Pair<V> numerator = {IfThenElse(negative, tail.high, Mul(cut, number(d, -2))),
                                 IfThenElseZero(negative, low)};
      const V q = quotient(d, numerator, sum(two, Mul(e, top.high))).rounded();
      return IfThenElse(negative, scaled(d, q, exp_x.power), Add(x, q));
    }
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& /*p*/) {
    if constexpr (is_near<D>) {
      return slope_by_table<Mish>(d, at_most(x, number(d, 13)));
    } else {
      const V cut = at_most(cut_below(d, x), number(d, far<D>));
      const auto exp_x = exponential(d, cut);
      const V e = exp_value(d, exp_x);
      // With c = 2 / (e (e + 2) + 2) and z = x e (e + 1) c: 1 - c (1 - z), and for x < 0, where that cancels,
      // e c (e + 2 + 2 x (e + 1) c) / 2.
      const V one = number(d, 1);
      const V two = number(d, 2);
      const Pair<V> top = sum(two, e);
      const Pair<V> c = quotient(d, two, sum(two, Mul(e, top.high))).pair();
      const V bend = Mul(Mul(cut, Add(e, one)), c.high);
      const V right = NegMulAdd(c.high, NegMulAdd(bend, e, one), one);
      const V slow = MulAdd(bend, two, top.high);
      const V slow_low = Add(MulAdd(bend, two, Sub(top.high, slow)), top.low);
      const Pair<V> twice = product(d, c.high, slow);
      const V half = number(d, 0.5);
      const V low = MulAdd(c.high, slow_low, MulAdd(c.low, slow, twice.low));
      const V left = exp_times(d, exp_x, Pair<V>{Mul(twice.high, half), Mul(low, half)});
      return IfThenElse(Lt(x, Zero(d)), left, right);
    }
  }
};

}  // namespace halfwave::catalogue::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HALFWAVE_ACTIVATION_GATED_INL_H_
