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

// x sigmoid(w(x)) for an odd, increasing w, and its derivative, given a = |x| (cut), w(a) and w'(a).
template <class D, class V>
HWY_INLINE V logistic_gate(D d, V x, V a, V w) {
  const V one = number(d, 1);
  const V open = Div(one, Add(one, exp_negative(d, Neg(w))));
  return IfThenElse(Lt(x, Zero(d)), exp_times(d, Neg(w), Neg(Mul(a, open))), Mul(x, open));
}
template <class D, class V>
HWY_INLINE V logistic_gate_slope(D d, V x, V a, V w, V dw) {
  const V one = number(d, 1);
  const V e = exp_negative(d, Neg(w));
  const V open = Div(one, Add(one, e));
  const V bend = Mul(Mul(a, dw), open);
  const V negative = exp_times(d, Neg(w), Mul(open, Sub(one, bend)));
  return IfThenElse(Lt(x, Zero(d)), negative, Mul(open, MulAdd(bend, e, one)));
}

struct Gelu : Formula {
  static constexpr double inverse_root_two_pi = std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  static constexpr ActivationInfo info{
      .name = "gelu",
      .formula = "x (1 + erf(x / sqrt(2))) / 2",
      .slope_formula = "(1 + erf(x / sqrt(2))) / 2 + x exp(-x^2 / 2) / sqrt(2 pi)",
      .source = "Hendrycks and Gimpel 2016, section 2",
      .forward_error = {6, 0},
      .backward_error = {7, 0x1p-23},
  };
  // The minimum, at x = -0.7517916.
  static Activation::Range range(const Parameters& /*p*/) { return {-0.16997120747990369, infinity}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    const V a = at_most(Abs(x), number(d, normal_limit<D>));
    const V tail = exp_minus_square_times(d, a, Zero(d), 0.5, Mul(a, normal_tail_ratio(d, a)));
    return IfThenElse(Lt(x, Zero(d)), Neg(tail), Sub(x, tail));
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& /*p*/) {
    const V a = at_most(Abs(x), number(d, normal_limit<D>));
    const V factor = NegMulAdd(a, number(d, inverse_root_two_pi), normal_tail_ratio(d, a));
    const V tail = exp_minus_square_times(d, a, Zero(d), 0.5, factor);
    return IfThenElse(Lt(x, Zero(d)), tail, Sub(number(d, 1), tail));
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
      // The argument of exp, up to 104, is rounded: relative errors grow along the tail, absolute ones do
      // not.
      .forward_error = {4, 0x1p-24},
      .backward_error = {6, 0x1p-23},
  };
  // The minimum, at x = -0.7524614.
  static Activation::Range range(const Parameters& /*p*/) { return {-0.17004075057125411, infinity}; }
  template <class D, class V>
  static HWY_INLINE V cut(D d, V x) {
    return at_most(Abs(x), number(d, is_double<D> ? 25.0 : 12.5));
  }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    const V a = cut(d, x);
    const V w = Mul(a, MulAdd(Mul(a, a), number(d, cubic), number(d, linear)));
    return logistic_gate(d, x, a, w);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& /*p*/) {
    const V a = cut(d, x);
    const V a2 = Mul(a, a);
    const V w = Mul(a, MulAdd(a2, number(d, cubic), number(d, linear)));
    const V dw = MulAdd(a2, number(d, 3 * cubic), number(d, linear));
    return logistic_gate_slope(d, x, a, w, dw);
  }
};

struct Silu : Formula {
  static constexpr ActivationInfo info{
      .name = "silu",
      .formula = "x / (1 + exp(-x))",
      .slope_formula = "g + x g (1 - g); g = 1 / (1 + exp(-x))",
      .source = "Elfwing et al. 2018, section 2; Ramachandran et al. 2017 (swish)",
      .forward_error = {3, 0},
      .backward_error = {4, 0x1p-24},
  };
  // The minimum, at x = -1.2784645.
  static Activation::Range range(const Parameters& /*p*/) { return {-0.27846454276107380, infinity}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    const V a = magnitude_for_exp(d, x);
    return logistic_gate(d, x, a, a);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& /*p*/) {
    const V a = magnitude_for_exp(d, x);
    return logistic_gate_slope(d, x, a, a, number(d, 1));
  }
};

// With e = exp(-|x|): tanh(log(1 + exp(x))) is a ratio of polynomials in e, another one for each sign of x.
struct Mish : Formula {
  static constexpr ActivationInfo info{
      .name = "mish",
      .formula = "x tanh(log(1 + exp(x)))",
      .slope_formula = "t + x (1 - t^2) / (1 + exp(-x)); t = tanh(log(1 + exp(x)))",
      .source = "Misra 2020, \"Mish: A Self Regularized Non-Monotonic Activation Function\"",
      .forward_error = {4, 0},
      .backward_error = {6, 0x1p-25},
  };
  // The minimum, at x = -1.1924312.
  static Activation::Range range(const Parameters& /*p*/) { return {-0.30884341301725041, infinity}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    const V a = magnitude_for_exp(d, x);
    const V e = exp_negative(d, Neg(a));
    const V one = number(d, 1);
    const V two = number(d, 2);
    const V e_plus_2 = Add(e, two);
    // For x < 0, t = e (e + 2) / (e^2 + 2 e + 2); for x >= 0, t = (2 e + 1) / (2 e^2 + 2 e + 1).
    const V negative = exp_times(d, Neg(a), Neg(Div(Mul(a, e_plus_2), MulAdd(e, e_plus_2, two))));
    const V numerator = MulAdd(two, e, one);
    const V positive = Mul(x, Div(numerator, MulAdd(Mul(two, e), e, numerator)));
    return IfThenElse(Lt(x, Zero(d)), negative, positive);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& /*p*/) {
    const V a = magnitude_for_exp(d, x);
    const V e = exp_negative(d, Neg(a));
    const V one = number(d, 1);
    const V two = number(d, 2);
    const V four = number(d, 4);
    // exp(x) (4 (1 + x) + (6 + 4 x) e + 4 e^2 + e^3) / (e^2 + 2 e + 2)^2 with e = exp(x).
    const V low =
        MulAdd(MulAdd(Add(e, four), e, NegMulAdd(four, a, number(d, 6))), e, Mul(four, Sub(one, a)));
    const V low_root = MulAdd(e, Add(e, two), two);
    const V negative = exp_times(d, Neg(a), Div(low, Mul(low_root, low_root)));
    // The same over exp(4 x), with e = exp(-x).
    const V high =
        MulAdd(MulAdd(MulAdd(Mul(four, Add(one, a)), e, MulAdd(four, a, number(d, 6))), e, four), e, one);
    const V high_root = MulAdd(MulAdd(two, e, two), e, one);
    return IfThenElse(Lt(x, Zero(d)), negative, Div(high, Mul(high_root, high_root)));
  }
};

}  // namespace halfwave::catalogue::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HALFWAVE_ACTIVATION_GATED_INL_H_
