// What an activation of the catalogue consists of, with the defaults for what most do not state.
// An activation is a struct derived from Formula with
//   info              the facts; see ActivationInfo
//   value(d, x, p)    the function, for x a vector of d (one double, or a SIMD vector of floats)
//   slope(d, s, p)    its derivative, from s = value(x) if info.backward_from_y, else from s = x
// and, where the default does not fit, range, kinks, conflict, low_slope, unroll, passes(d, y) (where the
// slope is not low_slope), and what near-inl.h is about.
// Every vector is declared with a value, if only to be overwritten: the constructor that the compiler would
// write is not code for the instruction set at hand, and Arm's GCC refuses to inline a vector's into it.
// Per-target header: included once for each instruction set.

#if defined(HALFWAVE_ACTIVATION_FORMULA_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_ACTIVATION_FORMULA_INL_H_
#undef HALFWAVE_ACTIVATION_FORMULA_INL_H_
#else
#define HALFWAVE_ACTIVATION_FORMULA_INL_H_
#endif

#include <cstddef>
#include <limits>
#include <string_view>

#include <hwy/highway.h>
#include "halfwave/activation/elementary-inl.h"
#include "halfwave/activation/entry.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::catalogue::HWY_NAMESPACE {

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr float largest = std::numeric_limits<float>::max();

struct Formula {
  // Vectors side by side in the loop: 1, 2 or 4.
  static constexpr std::size_t unroll = 2;
  // The slope that is not 1, where info.backward_from_mask says that there are but two.
  template <class D>
  static HWY_INLINE Vec<D> low_slope(D d, const Parameters& /*p*/) {
    return Zero(d);
  }
  // Where value and slope can be asked for a NearTag, and with which parameters; and the tables for it, which
  // are made for the default parameters, of value and slope over a power of x.
  static constexpr Reach near_value{};
  static constexpr Reach near_slope{};
  static bool is_near_for(const Parameters& /*p*/) { return true; }
  static constexpr TableShape value_table{};
  static constexpr TableShape slope_table{};
  static constexpr int value_power = 0;
  static constexpr int slope_power = 0;

  static Activation::Range range(const Parameters& /*p*/) { return {-infinity, infinity}; }
  static Kinks kinks(const Parameters& /*p*/) { return {}; }
  static std::string_view conflict(const Parameters& /*p*/) { return {}; }
};

}  // namespace halfwave::catalogue::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HALFWAVE_ACTIVATION_FORMULA_INL_H_
