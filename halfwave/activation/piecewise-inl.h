// Catalogue, part 1: activations made of pieces of straight lines and parabolas.
// Comparisons are written so that a NaN takes the branch that passes it on.
// Per-target header: included once for each instruction set.

#if defined(HALFWAVE_ACTIVATION_PIECEWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_ACTIVATION_PIECEWISE_INL_H_
#undef HALFWAVE_ACTIVATION_PIECEWISE_INL_H_
#else
#define HALFWAVE_ACTIVATION_PIECEWISE_INL_H_
#endif

#include <hwy/highway.h>
#include "halfwave/activation/formula-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::catalogue::HWY_NAMESPACE {

struct Linear : Formula {
  static constexpr ActivationInfo info{
      .name = "linear",
      .formula = "x",
      .slope_formula = "1",
      .source = "the identity; ONNX Identity",
      .backward_from_y = true,
      .rises = true,
      .initialisation = Initialisation::glorot,
  };
  static constexpr std::size_t unroll = 4;
  template <class D, class V>
  static HWY_INLINE V value(D /*d*/, V x, const Parameters& /*p*/) {
    return x;
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& /*p*/) {
    return unless_nan(y, number(d, 1));
  }
};

struct Relu : Formula {
  static constexpr ActivationInfo info{
      .name = "relu",
      .formula = "max(0, x)",
      .slope_formula = "1 if x > 0, else 0",
      .source = "Nair and Hinton 2010, section 2; Krizhevsky et al. 2012, section 3.1",
      .backward_from_y = true,
      .backward_from_mask = true,
      .rises = true,
  };
  static constexpr std::size_t unroll = 4;
  static Activation::Range range(const Parameters& /*p*/) { return {0, infinity}; }
  static Kinks kinks(const Parameters& /*p*/) { return {{0}, 1}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    return positive_part(d, x);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& /*p*/) {
    return IfThenElse(Gt(y, Zero(d)), number(d, 1), y);  // else y is 0, or NaN
  }
  template <class D, class V>
  static HWY_INLINE auto passes(D d, V y) {
    return hn::Not(Le(y, Zero(d)));
  }
};

struct Relu6 : Formula {
  static constexpr ActivationParameter parameters[] = {
      {"maximum", 6, 1e-6F, largest, "where the value is cut"}};
  static constexpr ActivationInfo info{
      .name = "relu6",
      .formula = "min(max(0, x), maximum)",
      .slope_formula = "1 if 0 < x < maximum, else 0",
      .source = "Krizhevsky 2010, \"Convolutional Deep Belief Networks on CIFAR-10\"",
      .parameters = parameters,
      .backward_from_y = true,
      .backward_from_mask = true,
      .rises = true,
      .saturates = true,
  };
  static constexpr std::size_t unroll = 4;
  static Activation::Range range(const Parameters& p) { return {0, p[0]}; }
  static Kinks kinks(const Parameters& p) { return {{0, p[0]}, 2}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    return at_most(positive_part(d, x), number(d, p[0]));
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& p) {
    const V below = IfThenZeroElse(Ge(y, number(d, p[0])), unless_nan(y, number(d, 1)));
    return IfThenZeroElse(Le(y, Zero(d)), below);
  }
};

struct LeakyRelu : Formula {
  static constexpr ActivationParameter parameters[] = {{"slope", 0.01F, 0, 1e6F, "slope for x < 0"}};
  static constexpr ActivationInfo info{
      .name = "leaky_relu",
      .formula = "x if x >= 0, else slope x",
      .slope_formula = "1 if x > 0, else slope",
      .source = "Maas et al. 2013, section 2",
      .parameters = parameters,
      .backward_from_y = true,
      .backward_from_mask = true,
      .rises = true,
  };
  static constexpr std::size_t unroll = 4;
  static Activation::Range range(const Parameters& p) { return {p[0] > 0 ? -infinity : 0, infinity}; }
  template <class D>
  static HWY_INLINE Vec<D> low_slope(D d, const Parameters& p) {
    return number(d, p[0]);
  }
  static Kinks kinks(const Parameters& p) { return {{0}, p[0] == 1 ? 0U : 1U}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    // With slope 0, -inf must not become NaN.
    const V product = IfThenZeroElse(Eq(number(d, p[0]), Zero(d)), Mul(x, number(d, p[0])));
    return IfThenElse(Lt(x, Zero(d)), product, x);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& p) {
    // y is 0 for some x < 0 when the product underflows, and for no x > 0.
    return IfThenElse(Le(y, Zero(d)), number(d, p[0]), unless_nan(y, number(d, 1)));
  }
};

struct ThresholdedRelu : Formula {
  static constexpr ActivationParameter parameters[] = {
      {"threshold", 1, 0, 1e6F, "the value is 0 up to here"}};
  static constexpr ActivationInfo info{
      .name = "thresholded_relu",
      .formula = "x if x > threshold, else 0",
      .slope_formula = "1 if x > threshold, else 0",
      .source = "Konda et al. 2014, \"Zero-bias autoencoders\", section 3; ONNX ThresholdedRelu",
      .parameters = parameters,
      .backward_from_y = true,
      .backward_from_mask = true,
      .rises = true,
  };
  static constexpr std::size_t unroll = 4;
  static Activation::Range range(const Parameters& /*p*/) { return {0, infinity}; }
  static Kinks kinks(const Parameters& p) { return {{p[0]}, 1}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    return IfThenZeroElse(Le(x, number(d, p[0])), x);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& /*p*/) {
    return IfThenZeroElse(Le(y, Zero(d)), unless_nan(y, number(d, 1)));
  }
};

struct HardSigmoid : Formula {
  static constexpr ActivationInfo info{
      .name = "hard_sigmoid",
      .formula = "min(max(0, x + 3), 6) / 6",
      .slope_formula = "1/6 if -3 < x < 3, else 0",
      .source = "Courbariaux et al. 2015, \"BinaryConnect\"; with the slope 1/6 of PyTorch's Hardsigmoid",
      .rises = true,
      .saturates = true,
      .initialisation = Initialisation::glorot,
      .forward_error = {1, 0},
      .backward_error = {0.5, 0},
  };
  static constexpr std::size_t unroll = 4;
  static Activation::Range range(const Parameters& /*p*/) { return {0, 1}; }
  static Kinks kinks(const Parameters& /*p*/) { return {{-3, 3}, 2}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    return sixth(d, at_most(positive_part(d, Add(x, number(d, 3))), number(d, 6)));
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& /*p*/) {
    // From x: near 3, x + 3 rounds to 6.
    return IfThenZeroElse(Ge(Abs(x), number(d, 3)), unless_nan(x, number(d, 1.0 / 6)));
  }
};

struct HardTanh : Formula {
  static constexpr ActivationParameter parameters[] = {
      {"minimum", -1, -largest, largest, "the smallest value"},
      {"maximum", 1, -largest, largest, "the largest value"},
  };
  static constexpr ActivationInfo info{
      .name = "hard_tanh",
      .formula = "min(max(minimum, x), maximum)",
      .slope_formula = "1 if minimum < x < maximum, else 0",
      .source = "Collobert 2004, thesis; PyTorch Hardtanh, ONNX Clip",
      .parameters = parameters,
      .backward_from_y = true,
      .backward_from_mask = true,
      .rises = true,
      .saturates = true,
      .initialisation = Initialisation::glorot,
  };
  static constexpr std::size_t unroll = 4;
  static Activation::Range range(const Parameters& p) { return {p[0], p[1]}; }
  static Kinks kinks(const Parameters& p) { return {{p[0], p[1]}, 2}; }
  static std::string_view conflict(const Parameters& p) {
    return p[0] < p[1] ? std::string_view() : "expected minimum < maximum";
  }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    return at_most(at_least(x, number(d, p[0])), number(d, p[1]));
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& p) {
    const V below = IfThenZeroElse(Ge(y, number(d, p[1])), unless_nan(y, number(d, 1)));
    return IfThenZeroElse(Le(y, number(d, p[0])), below);
  }
};

struct HardSilu : Formula {
  static constexpr ActivationInfo info{
      .name = "hard_silu",
      .formula = "x min(max(0, x + 3), 6) / 6",
      .slope_formula = "0 if x <= -3, (2 x + 3) / 6 if x <= 3, else 1",
      .source = "Howard et al. 2019, \"Searching for MobileNetV3\", section 5.2 (h-swish)",
      .forward_error = {2, 0},
      .backward_error = {1, 0},
  };
  static constexpr std::size_t unroll = 2;
  static Activation::Range range(const Parameters& /*p*/) { return {-0.375, infinity}; }
  static Kinks kinks(const Parameters& /*p*/) { return {{-3, 3}, 2}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    const V gate = sixth(d, at_most(at_least(Add(x, number(d, 3)), Zero(d)), number(d, 6)));
    return Mul(at_least(x, number(d, -3)), gate);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& /*p*/) {
    const V three = number(d, 3);
    const V middle = sixth(d, Add(Add(x, x), three));
    return IfThenZeroElse(Le(x, number(d, -3)), IfThenElse(Gt(x, three), number(d, 1), middle));
  }
};

struct HardShrink : Formula {
  static constexpr ActivationParameter parameters[] = {
      {"threshold", 0.5F, 1e-6F, 1e6F, "the value is 0 where |x| is at most this"}};
  static constexpr ActivationInfo info{
      .name = "hard_shrink",
      .formula = "x if |x| > threshold, else 0",
      .slope_formula = "1 if |x| > threshold, else 0",
      .source = "Donoho and Johnstone 1994, hard thresholding; PyTorch Hardshrink",
      .parameters = parameters,
      .backward_from_y = true,
      .backward_from_mask = true,
      .rises = true,
      .initialisation = Initialisation::glorot,
  };
  static constexpr std::size_t unroll = 4;
  static Kinks kinks(const Parameters& p) { return {{-p[0], p[0]}, 2}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    return IfThenZeroElse(Le(Abs(x), number(d, p[0])), x);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& /*p*/) {
    return IfThenZeroElse(Eq(y, Zero(d)), unless_nan(y, number(d, 1)));
  }
};

struct SoftShrink : Formula {
  static constexpr ActivationParameter parameters[] = {
      {"threshold", 0.5F, 1e-6F, 1e6F, "how far the value is moved towards 0"}};
  static constexpr ActivationInfo info{
      .name = "soft_shrink",
      .formula = "x - threshold if x > threshold, x + threshold if x < -threshold, else 0",
      .slope_formula = "1 if |x| > threshold, else 0",
      .source = "Donoho and Johnstone 1994, soft thresholding; PyTorch Softshrink, ONNX Shrink",
      .parameters = parameters,
      .backward_from_y = true,
      .backward_from_mask = true,
      .rises = true,
      .initialisation = Initialisation::glorot,
      .forward_error = {0.5, 0},
  };
  static constexpr std::size_t unroll = 2;
  static Kinks kinks(const Parameters& p) { return {{-p[0], p[0]}, 2}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& p) {
    const V threshold = number(d, p[0]);
    return IfThenZeroElse(Le(Abs(x), threshold), Sub(x, CopySign(threshold, x)));
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& /*p*/) {
    // x - threshold is 0 for equal ones only, denormal numbers included.
    return IfThenZeroElse(Eq(y, Zero(d)), unless_nan(y, number(d, 1)));
  }
};

struct Step : Formula {
  static constexpr ActivationInfo info{
      .name = "step",
      .formula = "1 if x > 0, else 0",
      .slope_formula = "0",
      .source = "McCulloch and Pitts 1943; Rosenblatt 1958",
      .backward_from_y = true,
      .rises = true,
      .saturates = true,
      .initialisation = Initialisation::glorot,
  };
  static constexpr std::size_t unroll = 4;
  static Activation::Range range(const Parameters& /*p*/) { return {0, 1}; }
  static Kinks kinks(const Parameters& /*p*/) { return {{0}, 1}; }
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, const Parameters& /*p*/) {
    return IfThenZeroElse(Le(x, Zero(d)), unless_nan(x, number(d, 1)));
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V y, const Parameters& /*p*/) {
    return unless_nan(y, Zero(d));
  }
};

struct AbsoluteValue : Formula {
  static constexpr ActivationInfo info{
      .name = "abs",
      .formula = "|x|",
      .slope_formula = "-1 if x < 0, 0 if x = 0, 1 if x > 0",
      .source = "Jarrett et al. 2009, section 2.1 (absolute value rectification)",
  };
  static constexpr std::size_t unroll = 4;
  static Activation::Range range(const Parameters& /*p*/) { return {0, infinity}; }
  static Kinks kinks(const Parameters& /*p*/) { return {{0}, 1}; }
  template <class D, class V>
  static HWY_INLINE V value(D /*d*/, V x, const Parameters& /*p*/) {
    return Abs(x);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D d, V x, const Parameters& /*p*/) {
    return IfThenZeroElse(Eq(x, Zero(d)), unless_nan(x, CopySign(number(d, 1), x)));
  }
};

struct Square : Formula {
  static constexpr ActivationInfo info{
      .name = "square",
      .formula = "x^2",
      .slope_formula = "2 x",
      .source = "Livni et al. 2014, \"On the Computational Efficiency of Training Neural Networks\"",
      .initialisation = Initialisation::glorot,
      .forward_error = {0.5, 0},
  };
  static constexpr std::size_t unroll = 4;
  static Activation::Range range(const Parameters& /*p*/) { return {0, infinity}; }
  template <class D, class V>
  static HWY_INLINE V value(D /*d*/, V x, const Parameters& /*p*/) {
    return Mul(x, x);
  }
  template <class D, class V>
  static HWY_INLINE V slope(D /*d*/, V x, const Parameters& /*p*/) {
    return Add(x, x);
  }
};

}  // namespace halfwave::catalogue::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HALFWAVE_ACTIVATION_PIECEWISE_INL_H_
