// The catalogue: the one list of all element-wise activations. Name, text, tables, kernels and tests are
// derived from it; to add an activation, write its struct in one of the parts and its name here.
// Per-target header: included once for each instruction set.

#if defined(HALFWAVE_ACTIVATION_CATALOGUE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_ACTIVATION_CATALOGUE_INL_H_
#undef HALFWAVE_ACTIVATION_CATALOGUE_INL_H_
#else
#define HALFWAVE_ACTIVATION_CATALOGUE_INL_H_
#endif

#include <hwy/highway.h>
#include "halfwave/activation/exponential-inl.h"
#include "halfwave/activation/gated-inl.h"
#include "halfwave/activation/piecewise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::catalogue::HWY_NAMESPACE {

template <class... A>
struct List {
  static constexpr std::size_t size = sizeof...(A);
};

using Catalogue =
    List<Linear, Relu, Relu6, LeakyRelu, ThresholdedRelu, Elu, Selu, Celu, Sigmoid, LogSigmoid, HardSigmoid,
         Tanh, HardTanh, Softplus, Softsign, Gelu, GeluTanh, Silu, HardSilu, Mish, HardShrink, SoftShrink,
         TanhShrink, Step, AbsoluteValue, Square, Gaussian, InverseMultiquadric>;

}  // namespace halfwave::catalogue::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HALFWAVE_ACTIVATION_CATALOGUE_INL_H_
