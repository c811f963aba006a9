// Catalogue, part 2: sigmoids and rectifiers with exponential tails, and the radial functions.
// Per-target header: included once for each instruction set.

#if defined(HALFWAVE_ACTIVATION_EXPONENTIAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_ACTIVATION_EXPONENTIAL_INL_H_
#undef HALFWAVE_ACTIVATION_EXPONENTIAL_INL_H_
#else
#define HALFWAVE_ACTIVATION_EXPONENTIAL_INL_H_
#endif

#include <hwy/highway.h>
#include "halfwave/activation/formula-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::catalogue::HWY_NAMESPACE {

struct Elu : Formula {
  static constexpr ActivationParameter parameters[] = {{"alpha", 1, 0, 1e6F, "minus the value at -infinity"}};
  static constexpr ActivationInfo info{
      .name = "elu",
      .formula = "x if x > 0, else alpha (exp(x) - 1)",
      .slope_formula = "1 if x > 0, else alpha exp(x) = y + alpha",
      .source = "Clevert et al. 2016, section 3",
      .parameters = parameters,
      .backward_from_y = true,
      .forward_error = {2, 0},
      .backward_error = {1, 0x1p-22},
  };
  static Activation::Range range(const Parameters& p) { return {-p[0], infinity}; }
  static Kinks kinks(const Parameters& p) { return {{0}, p[0] == 1 ? 0U : 1U}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    return IfThenElse(Lt(x, Zero(d)), Mul(number(d, p[0]), expm1_negative(d, negative_part(d, x))), x);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& p) {
    return IfThenElse(Gt(y, Zero(d)), number(d, 1), Add(y, number(d, p[0])));
  }
};

struct Selu : Formula {
  static constexpr double lambda = 1.0507009873554804934193349852946;  // Klambauer et al. 2017, eq. 14
  static constexpr double alpha = 1.6732632423543772848170429916717;
  static constexpr ActivationInfo info{
      .name = "selu",
      .formula = "lambda x if x > 0, else lambda alpha (exp(x) - 1); lambda = 1.0507, alpha = 1.67326",
      .slope_formula = "lambda if x > 0, else lambda alpha exp(x) = y + lambda alpha",
      .source = "Klambauer et al. 2017, eq. 2",
      .backward_from_y = true,
      .initialisation = Initialisation::lecun,
      .forward_error = {2, 0},
      .backward_error = {1, 0x1p-22},
  };
  static Activation::Range range(const Parameters& /*p*/) { return {-lambda * alpha, infinity}; }
  static Kinks kinks(const Parameters& /*p*/) { return {{0}, 1}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    const V negative = Mul(number(d, lambda * alpha), expm1_negative(d, negative_part(d, x)));
    return IfThenElse(Lt(x, Zero(d)), negative, Mul(number(d, lambda), x));
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& /*p*/) {
    return IfThenElse(Gt(y, Zero(d)), number(d, lambda), Add(y, number(d, lambda * alpha)));
  }
};

struct Celu : Formula {
  static constexpr ActivationParameter parameters[] = {
      {"alpha", 1, 1e-3F, 1e3F, "minus the value at -infinity"}};
  static constexpr ActivationInfo info{
      .name = "celu",
      .formula = "x if x > 0, else alpha (exp(x / alpha) - 1)",
      .slope_formula = "1 if x > 0, else exp(x / alpha) = y / alpha + 1",
      .source = "Barron 2017, \"Continuously Differentiable Exponential Linear Units\"",
      .parameters = parameters,
      .backward_from_y = true,
      .forward_error = {2, 0},
      .backward_error = {1, 0x1p-22},
  };
  static Activation::Range range(const Parameters& p) { return {-p[0], infinity}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    const V alpha = number(d, p[0]);
    return IfThenElse(Lt(x, Zero(d)), Mul(alpha, expm1_negative(d, Div(negative_part(d, x), alpha))), x);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& p) {
    const V one = number(d, 1);
    return IfThenElse(Gt(y, Zero(d)), one, Add(Div(y, number(d, p[0])), one));
  }
};

struct Sigmoid : Formula {
  static constexpr ActivationInfo info{
      .name = "sigmoid",
      .formula = "1 / (1 + exp(-x))",
      .slope_formula = "y (1 - y)",
      .source = "Verhulst 1845, the logistic function; Rumelhart et al. 1986, eq. 2",
      .backward_from_y = true,
      .saturates = true,
      .initialisation = Initialisation::glorot,
      .forward_error = {2.5, 0},
      .backward_error = {4, 0x1p-23},
  };
  static Activation::Range range(const Parameters& /*p*/) { return {0, 1}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    const V e = exp_negative(d, Neg(Abs(x)));
    const V one = number(d, 1);
    return Div(IfThenElse(Lt(x, Zero(d)), e, one), Add(one, e));
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& /*p*/) {
    return Mul(y, Sub(number(d, 1), y));
  }
};

struct LogSigmoid : Formula {
  static constexpr ActivationInfo info{
      .name = "log_sigmoid",
      .formula = "log(1 / (1 + exp(-x)))",
      .slope_formula = "1 / (1 + exp(x)) = 1 - exp(y)",
      .source = "the logarithm of the logistic function; PyTorch LogSigmoid",
      .backward_from_y = true,
      .initialisation = Initialisation::glorot,
      .forward_error = {3, 0},
      .backward_error = {3, 0},
  };
  static Activation::Range range(const Parameters& /*p*/) { return {-infinity, 0}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    const V minus_a = Neg(magnitude_for_exp(d, x));
    const V ratio = log1p_ratio(d, exp_negative(d, minus_a));
    return Sub(negative_part(d, x), exp_times(d, minus_a, ratio));
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& /*p*/) {
    return Neg(expm1_negative(d, y));
  }
};

struct Tanh : Formula {
  static constexpr ActivationInfo info{
      .name = "tanh",
      .formula = "tanh(x)",
      .slope_formula = "1 - y^2",
      .source = "LeCun et al. 1998, \"Efficient BackProp\", section 4.4",
      .backward_from_y = true,
      .saturates = true,
      .initialisation = Initialisation::glorot,
      .forward_error = {3, 0},
      .backward_error = {1, 0x1p-21},
  };
  static Activation::Range range(const Parameters& /*p*/) { return {-1, 1}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    return tanh(d, x);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& /*p*/) {
    const V one = number(d, 1);
    return Mul(Sub(one, y), Add(one, y));
  }
};

struct Softplus : Formula {
  static constexpr ActivationParameter parameters[] = {{"beta", 1, 1e-3F, 1e3F, "sharpness of the bend"}};
  static constexpr ActivationInfo info{
      .name = "softplus",
      .formula = "log(1 + exp(beta x)) / beta",
      .slope_formula = "1 / (1 + exp(-beta x)) = 1 - exp(-beta y)",
      .source = "Dugas et al. 2001, section 2",
      .parameters = parameters,
      .backward_from_y = true,
      .forward_error = {4, 0},
      .backward_error = {4, 0},
  };
  static Activation::Range range(const Parameters& /*p*/) { return {0, infinity}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    const V beta = number(d, p[0]);
    const V a = at_most(Abs(x), Div(number(d, is_double<D> ? 1000 : 150), beta));
    // beta x in two parts: its rounding error would be multiplied by it in exp.
    const V a_high = leading_half(d, a);
    const V beta_high = leading_half(d, beta);
    const V product = Neg(Mul(a_high, beta_high));
    const V rest = Neg(Add(Mul(a_high, Sub(beta, beta_high)), Mul(Sub(a, a_high), beta)));
    const V e = exp_times(d, product, rest, number(d, 1));
    return Add(positive_part(d, x), exp_times(d, product, rest, Div(log1p_ratio(d, e), beta)));
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& p) {
    return Neg(expm1_negative(d, Neg(Mul(number(d, p[0]), y))));
  }
};

struct Softsign : Formula {
  static constexpr ActivationInfo info{
      .name = "softsign",
      .formula = "x / (1 + |x|)",
      .slope_formula = "1 / (1 + |x|)^2",
      .source = "Bergstra et al. 2009; Glorot and Bengio 2010, section 3",
      .saturates = true,
      .initialisation = Initialisation::glorot,
      .forward_error = {1.5, 0},
      .backward_error = {4, 0},
  };
  static constexpr std::size_t unroll = 2;
  static Activation::Range range(const Parameters& /*p*/) { return {-1, 1}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    const V a = at_most(Abs(x), number(d, hwy::HighestValue<hn::TFromD<D>>()));
    return CopySign(Div(a, Add(number(d, 1), a)), x);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& /*p*/) {
    const V one = number(d, 1);
    const V reciprocal = Div(one, Add(one, Abs(x)));
    return Mul(reciprocal, reciprocal);
  }
};

struct TanhShrink : Formula {
  static constexpr ActivationInfo info{
      .name = "tanh_shrink",
      .formula = "x - tanh(x)",
      .slope_formula = "tanh(x)^2",
      .source = "PyTorch Tanhshrink",
      .initialisation = Initialisation::glorot,
      .forward_error = {5, 0},
      .backward_error = {6, 0},
  };
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    return minus_tanh(d, x);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& /*p*/) {
    const V t = tanh(d, x);
    return Mul(t, t);
  }
};

struct Gaussian : Formula {
  static constexpr ActivationParameter parameters[] = {{"width", 1, 1e-3F, 1e3F, "where the value is 1/e"}};
  static constexpr ActivationInfo info{
      .name = "gaussian",
      .formula = "exp(-(x / width)^2)",
      .slope_formula = "-2 x / width^2 exp(-(x / width)^2)",
      .source = "Broomhead and Lowe 1988; Moody and Darken 1989",
      .kind = ActivationKind::radial,
      .parameters = parameters,
      .saturates = true,
      .initialisation = Initialisation::glorot,
      .forward_error = {1.5, 0},
      .backward_error = {3, 0},
  };
  static Activation::Range range(const Parameters& /*p*/) { return {0, 1}; }

  // |x| / width and what its rounding left, cut where the value has long been 0.
  template <class D, class V>
  static HWY_INLINE void scale(D d, V x, V width, V& u, V& rest) {
    const V a = at_most(Abs(x), Mul(number(d, is_double<D> ? 32 : 12), width));
    u = Div(a, width);
    const V u_high = leading_half(d, u);
    const V width_high = leading_half(d, width);
    const V remainder = NegMulAdd(u_high, Sub(width, width_high), NegMulAdd(u_high, width_high, a));
    rest = Sub(Div(remainder, width), Sub(u, u_high));
  }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    V u;
    V rest;
    scale(d, x, number(d, p[0]), u, rest);
    return exp_minus_square_times(d, u, rest, 1, number(d, 1));
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& p) {
    V u;
    V rest;
    const V width = number(d, p[0]);
    scale(d, x, width, u, rest);
    return exp_minus_square_times(d, u, rest, 1, CopySign(Div(Add(u, u), width), Neg(x)));
  }
};

struct InverseMultiquadric : Formula {
  static constexpr ActivationParameter parameters[] = {
      {"width", 1, 1e-3F, 1e3F, "where the value is 1/sqrt(2) of the largest"}};
  static constexpr ActivationInfo info{
      .name = "inverse_multiquadric",
      .formula = "1 / sqrt(x^2 + width^2)",
      .slope_formula = "-x / (x^2 + width^2)^(3/2)",
      .source = "Hardy 1971; Micchelli 1986",
      .kind = ActivationKind::radial,
      .parameters = parameters,
      .saturates = true,
      .initialisation = Initialisation::glorot,
      .forward_error = {3, 0},
      .backward_error = {9, 0},
  };
  static Activation::Range range(const Parameters& p) { return {0, 1 / static_cast<double>(p[0])}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    // The larger one is taken out of the root, for x^2 not to overflow.
    const V width = number(d, p[0]);
    const V a = Abs(x);
    const V larger = at_least(a, width);
    const V ratio = Div(at_most(a, width), larger);
    const V one = number(d, 1);
    return Div(one, Mul(larger, Sqrt(MulAdd(ratio, ratio, one))));
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& p) {
    const V y = value(d, x, p);
    const V a = at_most(Abs(x), number(d, hwy::HighestValue<hn::TFromD<D>>()));
    return CopySign(Mul(Mul(Mul(a, y), y), y), Neg(x));
  }
};

}  // namespace halfwave::catalogue::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HALFWAVE_ACTIVATION_EXPONENTIAL_INL_H_
