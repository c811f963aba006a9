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
      .rises = true,
      .forward_error = {1.2, 0},
      .backward_error = {1, 0x1p-22},
  };
  static constexpr Reach near_value{-80, no_limit};
  static Activation::Range range(const Parameters& p) { return {-p[0], infinity}; }
  static Kinks kinks(const Parameters& p) { return {{0}, p[0] == 1 ? 0U : 1U}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    const V m = expm1_negative(d, negative_part(d, x));
    if constexpr (is_near<D>) return MulAdd(number(d, p[0]), m, positive_part(d, x));
    return IfThenElse(Lt(x, Zero(d)), Mul(number(d, p[0]), m), x);
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
      .rises = true,
      .initialisation = Initialisation::lecun,
      .forward_error = {2, 0},
      .backward_error = {1, 0x1p-22},
  };
  static constexpr Reach near_value{-80, no_limit};
  static Activation::Range range(const Parameters& /*p*/) { return {-lambda * alpha, infinity}; }
  static Kinks kinks(const Parameters& /*p*/) { return {{0}, 1}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    const V negative = times_expm1_negative(d, number(d, lambda * alpha), negative_part(d, x));
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
      .rises = true,
      .forward_error = {1.2, 0},
      .backward_error = {1, 0x1p-22},
  };
  static constexpr Reach near_value{-80, no_limit};
  static bool is_near_for(const Parameters& p) { return p[0] == 1; }
  static Activation::Range range(const Parameters& p) { return {-p[0], infinity}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    if constexpr (is_near<D>) {
      return Elu::value(d, x, p);
    } else {
      const V alpha = number(d, p[0]);
      return IfThenElse(Lt(x, Zero(d)), Mul(alpha, expm1_negative(d, Div(negative_part(d, x), alpha))), x);
    }
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
      .rises = true,
      .saturates = true,
      .initialisation = Initialisation::glorot,
      .forward_error = {2, 0},
      .backward_error = {4, 0x1p-23},
  };
  static constexpr Reach near_value{-8, 80};
  static Activation::Range range(const Parameters& /*p*/) { return {0, 1}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    return times_logistic(d, number(d, 1), x);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D /*d*/, V y, const Parameters& /*p*/) {
    return NegMulAdd(y, y, y);
  }
};

struct LogSigmoid : Formula {
  static constexpr ActivationInfo info{
      .name = "log_sigmoid",
      .formula = "log(1 / (1 + exp(-x)))",
      .slope_formula = "1 / (1 + exp(x)) = 1 - exp(y)",
      .source = "the logarithm of the logistic function; PyTorch LogSigmoid",
      .backward_from_y = true,
      .rises = true,
      .initialisation = Initialisation::glorot,
      .forward_error = {1.7, 0},
      .backward_error = {2.2, 0},
  };
  static constexpr Reach near_value{-no_limit, 15.5F};
  static constexpr Reach near_slope{-80, no_limit};
  static constexpr TableShape value_table{.degree = 5, .spacing = 0.5};
  static Activation::Range range(const Parameters& /*p*/) { return {-infinity, 0}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    if constexpr (is_near<D>) {
      const V tail = value_by_table<LogSigmoid>(d, at_most(Abs(x), number(d, near_value.high)));
      return Add(negative_part(d, x), tail);
    } else {
      const auto e = exponential(d, minus_magnitude(d, x));
      return Sub(negative_part(d, x), exp_times(d, e, log1p_ratio(d, exp_value(d, e))));
    }
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
      .rises = true,
      .saturates = true,
      .initialisation = Initialisation::glorot,
      .forward_error = {1.1, 0},
      .backward_error = {1, 0x1p-21},
  };
  static constexpr Reach near_value{-no_limit, no_limit};
  static constexpr TableShape value_table{.degree = 7, .spacing = 0.5};
  static Activation::Range range(const Parameters& /*p*/) { return {-1, 1}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    if constexpr (is_near<D>) {
      return CopySign(value_by_table<Tanh>(d, at_most(Abs(x), number(d, 10))), x);
    } else {
      return CopySign(tanh_negative(d, x).rounded(), x);
    }
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& /*p*/) {
    return NegMulAdd(y, y, number(d, 1));
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
      .rises = true,
      .forward_error = {1.7, 0},
      .backward_error = {2.2, 0},
  };
  static constexpr Reach near_value{-15.5F, no_limit};
  static constexpr Reach near_slope{-no_limit, 80};
  static bool is_near_for(const Parameters& p) { return p[0] == 1; }
  static constexpr TableShape value_table{.degree = 5, .spacing = 0.5, .mirrored = true};
  static Activation::Range range(const Parameters& /*p*/) { return {0, infinity}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    if constexpr (is_near<D>) {
      return rectifier_and_tail<Softplus>(d, x);
    } else {
      const V beta = number(d, p[0]);
      const V a = at_most(Abs(x), Div(number(d, is_reference<D> ? 1000 : 125), beta));
      // In two parts: the rounding error of beta x would be multiplied by it in exp.
      const auto e = exponential(d, product(d, a, Neg(beta)));
      const Pair<V> ratio = log1p_ratio(d, exp_value(d, e));
      const Pair<V> factor = {Div(ratio.high, beta), Mul(ratio.low, Div(number(d, 1), beta))};
      return Add(positive_part(d, x), exp_times(d, e, factor));
    }
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& p) {
    return Neg(expm1_negative(d, Mul(number(d, -p[0]), y)));
  }
};

struct Softsign : Formula {
  static constexpr ActivationInfo info{
      .name = "softsign",
      .formula = "x / (1 + |x|)",
      .slope_formula = "1 / (1 + |x|)^2",
      .source = "Bergstra et al. 2009; Glorot and Bengio 2010, section 3",
      .rises = true,
      .saturates = true,
      .initialisation = Initialisation::glorot,
      .forward_error = {1.6, 0},
      .backward_error = {1.7, 0},
  };
  static constexpr std::size_t unroll = 2;
  static constexpr Reach near_slope{-0x1p11F, 0x1p11F};  // 1 - (1 + a)^2 is exact
  static Activation::Range range(const Parameters& /*p*/) { return {-1, 1}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    const V a = at_most(Abs(x), number(d, std::numeric_limits<Lane<D>>::max()));
    return CopySign(Div(a, Add(number(d, 1), a)), x);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& /*p*/) {
    const V one = number(d, 1);
    if constexpr (is_near<D>) {
      // (1 + a)^2 = 1 + a (a + 2)
      const V a = Abs(x);
      return quotient(d, one, mul_add_pair(d, a, Add(a, number(d, 2)), one)).rounded();
    }
    // Cut where the slope has long been 0.
    const V a = at_most(Abs(x), number(d, is_reference<D> ? 0x1p600 : 0x1p80));
    const Pair<V> reciprocal = quotient(d, one, one_plus(d, a)).pair();
    return MulAdd(Add(reciprocal.high, reciprocal.high), reciprocal.low,
                  Mul(reciprocal.high, reciprocal.high));
  }
};

struct TanhShrink : Formula {
  static constexpr ActivationInfo info{
      .name = "tanh_shrink",
      .formula = "x - tanh(x)",
      .slope_formula = "tanh(x)^2",
      .source = "PyTorch Tanhshrink",
      .rises = true,
      .initialisation = Initialisation::glorot,
      .forward_error = {2, 0},
      .backward_error = {1.8, 0},
  };
  static constexpr Reach near_value{-no_limit, no_limit};
  static constexpr Reach near_slope{-no_limit, no_limit};
  static constexpr TableShape value_table{.degree = 6, .spacing = 0.5};
  static constexpr TableShape slope_table{.degree = 7, .spacing = 0.5};
  static constexpr int value_power = 3;
  static constexpr int slope_power = 2;
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    if constexpr (is_near<D>) {
      const V limit = number(d, 9.5);  // tanh is 1 from there on
      const V ratio = value_by_table<TanhShrink>(d, at_most(Abs(x), limit));
      const V distant = Sub(x, CopySign(number(d, 1), x));
      return IfThenElse(Gt(Abs(x), limit), distant, times_cube(d, ratio, x, product(d, x, x)));
    } else {
      return minus_tanh(d, x);
    }
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& /*p*/) {
    if constexpr (is_near<D>) {
      const V limit = number(d, 9.5);
      const V a = at_most(Abs(x), limit);
      const V ratio = slope_by_table<TanhShrink>(d, a);
      const Pair<V> square = product(d, a, a);
      const V near = MulAdd(square.high, ratio, Mul(square.low, ratio));
      return IfThenElse(Ge(a, limit), number(d, 1), near);
    }
    const Pair<V> t = tanh_negative(d, x).pair();
    return MulAdd(Add(t.high, t.high), t.low, Mul(t.high, t.high));
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
      .forward_error = {1.2, 0},
      .backward_error = {1.7, 0},
  };
  static constexpr Reach near_value{-9, 9};
  static constexpr Reach near_slope{-9, 9};
  static bool is_near_for(const Parameters& p) { return p[0] == 1; }
  static Activation::Range range(const Parameters& /*p*/) { return {0, 1}; }

  // x, cut where the value has long been 0.
  template <class D, class V>
  static HWY_INLINE V cut(D d, V x, V width) {
    const V limit = Mul(number(d, is_reference<D> ? 32 : 11), width);
    return at_least(at_most(x, limit), Neg(limit));
  }
  // exp(-(x / width)^2)
  template <class D, class V>
  static HWY_INLINE auto bell(D d, V x, V width) {
    const V a = cut(d, x, width);
    const V u = Div(a, width);
    // What the rounding of u left: the error of u^2 would be multiplied by u^2 in the result.
    const Pair<V> back = product(d, u, width);
    const V rest = Div(Sub(Sub(a, back.high), back.low), width);
    const Pair<V> square = product(d, Neg(u), u);
    return exponential(d, square.high, NegMulAdd(Add(u, u), rest, square.low));
  }
  template <class D, class V>
  static HWY_INLINE auto near_bell(D d, V x) {
    const Pair<V> square = product(d, x, x);
    return near::exponential<true>(d, square.high, square.low);
  }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    if constexpr (is_near<D>) {
      return exp_value(d, near_bell(d, x));
    } else {
      return exp_value(d, bell(d, x, number(d, p[0])));
    }
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& p) {
    if constexpr (is_near<D>) {
      return exp_times(d, near_bell(d, x), Mul(x, number(d, -2)));
    } else {
      const V width = number(d, p[0]);
      const V factor = Div(Div(number(d, -2), width), width);
      return exp_times(d, bell(d, x, width), Mul(cut(d, x, width), factor));
    }
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
      .forward_error = {1.7, 0},
      .backward_error = {1.6, 0},
  };
  static constexpr Reach near_value{-0x1p40F, 0x1p40F};
  static constexpr Reach near_slope{-0x1p12F, 0x1p12F};  // 1 - (x^2 + 1) is exact
  static bool is_near_for(const Parameters& p) { return p[0] == 1; }
  static Activation::Range range(const Parameters& p) { return {0, 1 / static_cast<double>(p[0])}; }

  // 1 / sqrt(x^2 + width^2) = q * factor, factor a power of two: the squares of x and width scaled by it
  // neither overflow nor vanish.
  template <class D, class V>
  static HWY_INLINE void reciprocal_root(D d, V x, V width, V& scaled_x, Pair<V>& q, V& factor) {
    const V a = at_most(Abs(x), number(d, std::numeric_limits<Lane<D>>::max()));
    const V one = number(d, 1);
    if constexpr (is_reference<D>) {
      factor = Div(one, at_least(a, width));
    } else {
      // About 1 / the larger of them: its exponent mirrored.
      const V larger = at_least(at_most(a, number(d, 0x1p126)), width);
      const SignedTag<D> bits;
      factor = BitCast(d, Sub(Set(bits, 0x7F000000), And(BitCast(bits, larger), Set(bits, 0x7F800000))));
    }
    scaled_x = Mul(a, factor);
    const V scaled_width = Mul(width, factor);
    const Pair<V> x2 = product(d, scaled_x, scaled_x);
    const Pair<V> width2 = product(d, scaled_width, scaled_width);
    const Pair<V> s = sum(at_least(x2.high, width2.high), at_most(x2.high, width2.high));
    const V s_low = Add(s.low, Add(x2.low, width2.low));
    // A step of Newton's for q^2 (s + s_low) = 1.
    const V guess = Div(one, Sqrt(s.high));
    const Pair<V> square = product(d, guess, guess);
    const Pair<V> back = product(d, square.high, s.high);
    const V back_low = Add(back.low, MulAdd(square.high, s_low, Mul(square.low, s.high)));
    q = {guess, Mul(Mul(guess, number(d, 0.5)), Sub(Sub(one, back.high), back_low))};
  }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    if constexpr (is_near<D>) {
      // The processor's estimate and a step of Newton's.
      const V one = number(d, 1);
      const V s = MulAdd(x, x, one);
      const V guess = ApproximateReciprocalSqrt(s);
      const V rest = NegMulAdd(Mul(s, guess), guess, one);
      return MulAdd(Mul(guess, number(d, 0.5)), rest, guess);
    } else {
      V scaled_x = x;
      Pair<V> q = {x, x};
      V factor = x;
      reciprocal_root(d, x, number(d, p[0]), scaled_x, q, factor);
      return IfThenZeroElse(Eq(Abs(x), number(d, infinity)), Mul(q.rounded(), factor));
    }
  }
  // factor^2 (root + rest)^3, about, given first = factor root
  template <class D, class V>
  static HWY_INLINE V cube(D d, V first, V root, V rest) {
    const Pair<V> square = product(d, first, first);
    const Pair<V> third = product(d, square.high, root);
    const V low = MulAdd(Mul(number(d, 3), rest), square.high, MulAdd(square.low, root, third.low));
    return Add(third.high, low);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& p) {
    if constexpr (is_near<D>) {
      const V one = number(d, 1);
      const Pair<V> s = mul_add_pair(d, x, x, one);
      // The processor's estimate of 1 / sqrt(s), cut to 8 bits: its square, its cube and rest are exact.
      const V root =
          And(ApproximateReciprocalSqrt(s.high), BitCast(d, Set(SignedTag<D>(), ~((1 << 16) - 1))));
      const V square = Mul(root, root);
      const V rest = NegMulAdd(s.low, square, NegMulAdd(s.high, square, one));
      // ((1 - rest)^(-3/2) - 1) / rest, by Taylor's series.
      constexpr double c[] = {3.0 / 2, 15.0 / 8, 35.0 / 16, 315.0 / 128};
      const V about = Mul(Neg(x), Mul(square, root));
      return MulAdd(about, Mul(rest, polynomial(d, rest, c)), about);
    } else {
      V scaled_x = x;
      Pair<V> q = {x, x};
      V factor = x;
      reciprocal_root(d, x, number(d, p[0]), scaled_x, q, factor);
      const V root = q.rounded();
      const V rest = Add(Sub(q.high, root), q.low);
      // A factor above 1 comes before x, which may be a denormal number, one below after it.
      const V one = number(d, 1);
      const V first = Mul(root, at_least(factor, one));
      const V last = at_most(factor, one);
      return CopySign(Mul(Mul(Mul(cube(d, first, root, rest), scaled_x), last), last), Neg(x));
    }
  }
};

}  // namespace halfwave::catalogue::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HALFWAVE_ACTIVATION_EXPONENTIAL_INL_H_
