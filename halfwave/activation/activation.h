// The catalogue of element-wise activations as users see it: lookup by name, facts, and the kernels.
// Each activation is one struct in a part of catalogue-inl.h; all that is here comes from it.
// Layers with learned state or several inputs (prelu, maxout, softmax) are in layer/.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace halfwave {

// ridge: acts on a linear combination of the inputs (relu, tanh); radial: on a distance (gaussian);
// fold: joins several inputs (maxout, softmax; those are layers).
enum class ActivationKind { ridge, radial, fold };
std::string_view to_string(ActivationKind kind);

// How a layer that feeds the activation starts its weights: he for half-rectifying activations
// (He et al. 2015), glorot for those about linear around 0 (Glorot and Bengio 2010), lecun (variance 1 /
// fan_in) for selu (Klambauer et al. 2017).
enum class Initialisation { he, glorot, lecun };
std::string_view to_string(Initialisation initialisation);         // "He", "Glorot", "LeCun"
std::string_view variance_formula(Initialisation initialisation);  // "2 / inputs", ...

inline constexpr std::size_t max_activation_parameters = 3;
inline constexpr std::size_t max_activation_kinks = 4;

struct ActivationParameter {
  std::string_view name;  // as in "leaky_relu:slope=0.1"
  float initial = 0;      // the value when not given
  float minimum = 0;      // allowed range, both ends included
  float maximum = 0;
  std::string_view meaning;
};

// How far a float result may be from the exact one: at most `ulp` units in the last place of the exact one,
// or at most `absolute` (for slopes with a root, or computed from a rounded y). Holds with the default
// parameters on every instruction set (doc/activations.md tells them apart, and how many floats were
// tried), and with one unit more for parameters of magnitude up to 2; a test holds it. 0, 0: exact.
struct ErrorBound {
  double ulp = 0;
  double absolute = 0;
};

// What the catalogue says of one activation.
struct ActivationInfo {
  std::string_view name;
  std::string_view formula;        // of the value, in x and the parameters
  std::string_view slope_formula;  // of the derivative
  std::string_view source;         // paper and equation
  ActivationKind kind = ActivationKind::ridge;
  std::span<const ActivationParameter> parameters = {};
  bool backward_from_y = false;     // the slope is computed from y (else from x)
  bool backward_from_mask = false;  // the slope is 1 or another constant: a bit a value is enough
  bool rises = false;               // never falls: a < b gives f(a) <= f(b), whatever the parameters
  bool saturates = false;           // the slope tends to 0 on both sides: gradients vanish in deep stacks
  Initialisation initialisation = Initialisation::he;
  ErrorBound forward_error = {};
  ErrorBound backward_error = {};  // of the slope
};

// One activation with its parameter values; a small value type, free to copy. All functions are
// thread-safe.
class Activation {
 public:
  // "relu", "leaky_relu:slope=0.1", "hard_tanh:minimum=-2,maximum=2". Error, with the nearest known
  // name, when the name, a parameter or its value is wrong.
  static Activation parse(std::string_view text);

  const ActivationInfo& info() const { return *info_; }
  std::span<const float> parameters() const;

  // The text that parse() reads back; parameters at their default are left out.
  std::string text() const;

  // y[i] = f(x[i]). y may be x; any other overlap is not allowed. Any alignment, any n; the bits of y[i]
  // depend on x[i] and the instruction set alone. A NaN gives a NaN; relu(-0) is +0.
  void forward(const float* x, float* y, std::size_t n) const;

  // dx[i] = dy[i] * slope, where saved is y if info().backward_from_y, else x. dx may be dy or saved.
  // Where the slope or dy is NaN, dx is NaN. Where the slope is exactly 0, dx is 0 unless dy is NaN or inf.
  void backward(const float* saved, const float* dy, float* dx, std::size_t n) const;

  // For activations with info().backward_from_mask: forward() that also writes a bit a value, (n + 7) / 8
  // bytes, the lowest bit first; and backward() from those. They read and write the least that there is to
  // move. The bit of a NaN is set: dx is then dy, unlike in backward().
  void forward(const float* x, float* y, std::uint8_t* mask, std::size_t n) const;
  void backward(const std::uint8_t* mask, const float* dy, float* dx, std::size_t n) const;

  // The same formulas in higher precision, for checks: f(x), and f'(x) (always from x).
  double value(double x) const;
  double slope(double x) const;
  long double value(long double x) const;
  long double slope(long double x) const;

  // The infimum and supremum of f (may be infinite), with these parameters.
  struct Range {
    double minimum;
    double maximum;
  };
  Range range() const;

  // Points where the slope jumps (or f does), ascending, with these parameters. At a kink slope() is 0 where
  // one side is flat or the two sides are opposite (relu, abs), else that of the left side (leaky_relu).
  std::span<const double> kinks(std::array<double, max_activation_kinks>& storage) const;

  bool operator==(const Activation& other) const;

 private:
  explicit Activation(const ActivationInfo& info);

  const ActivationInfo* info_;
  std::array<float, max_activation_parameters> parameters_{};
};

// All entries, in the order of the catalogue.
std::span<const ActivationInfo* const> activations();

}  // namespace halfwave
