// One double or long double in the place of a vector, for checks: formulas written for vectors then compute
// in its precision.
// Per-target header: included once for each instruction set.

#if defined(HALFWAVE_BASE_SCALAR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_BASE_SCALAR_INL_H_
#undef HALFWAVE_BASE_SCALAR_INL_H_
#else
#define HALFWAVE_BASE_SCALAR_INL_H_
#endif

#include <cmath>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfwave::simd::HWY_NAMESPACE {

template <class T>
struct Scalar {
  T value;
};

template <class T>
struct ScalarTag {};

template <class T>
HWY_INLINE Scalar<T> Set(ScalarTag<T>, T value) {
  return {value};
}
template <class T>
HWY_INLINE Scalar<T> Zero(ScalarTag<T>) {
  return {T{0}};
}

template <class T>
HWY_INLINE Scalar<T> Abs(Scalar<T> a) {
  return {std::abs(a.value)};
}
template <class T>
HWY_INLINE Scalar<T> Neg(Scalar<T> a) {
  return {-a.value};
}
template <class T>
HWY_INLINE Scalar<T> Sqrt(Scalar<T> a) {
  return {std::sqrt(a.value)};
}
template <class T>
HWY_INLINE Scalar<T> Add(Scalar<T> a, Scalar<T> b) {
  return {a.value + b.value};
}
template <class T>
HWY_INLINE Scalar<T> Sub(Scalar<T> a, Scalar<T> b) {
  return {a.value - b.value};
}
template <class T>
HWY_INLINE Scalar<T> Mul(Scalar<T> a, Scalar<T> b) {
  return {a.value * b.value};
}
template <class T>
HWY_INLINE Scalar<T> Div(Scalar<T> a, Scalar<T> b) {
  return {a.value / b.value};
}
// The second one where one is NaN, as x86 has it.
template <class T>
HWY_INLINE Scalar<T> Min(Scalar<T> a, Scalar<T> b) {
  return a.value < b.value ? a : b;
}
template <class T>
HWY_INLINE Scalar<T> Max(Scalar<T> a, Scalar<T> b) {
  return a.value > b.value ? a : b;
}
template <class T>
HWY_INLINE Scalar<T> MulAdd(Scalar<T> a, Scalar<T> b, Scalar<T> c) {
  return {a.value * b.value + c.value};
}
template <class T>
HWY_INLINE Scalar<T> NegMulAdd(Scalar<T> a, Scalar<T> b, Scalar<T> c) {
  return {c.value - a.value * b.value};
}
template <class T>
HWY_INLINE Scalar<T> CopySign(Scalar<T> magnitude, Scalar<T> sign) {
  return {std::copysign(magnitude.value, sign.value)};
}

template <class T>
HWY_INLINE bool Eq(Scalar<T> a, Scalar<T> b) {
  return a.value == b.value;
}
template <class T>
HWY_INLINE bool Lt(Scalar<T> a, Scalar<T> b) {
  return a.value < b.value;
}
template <class T>
HWY_INLINE bool Le(Scalar<T> a, Scalar<T> b) {
  return a.value <= b.value;
}
template <class T>
HWY_INLINE bool Gt(Scalar<T> a, Scalar<T> b) {
  return a.value > b.value;
}
template <class T>
HWY_INLINE bool Ge(Scalar<T> a, Scalar<T> b) {
  return a.value >= b.value;
}
template <class T>
HWY_INLINE Scalar<T> IfThenElse(bool mask, Scalar<T> yes, Scalar<T> no) {
  return mask ? yes : no;
}
template <class T>
HWY_INLINE Scalar<T> IfThenElseZero(bool mask, Scalar<T> yes) {
  return mask ? yes : Scalar<T>{T{0}};
}
template <class T>
HWY_INLINE Scalar<T> IfThenZeroElse(bool mask, Scalar<T> no) {
  return mask ? Scalar<T>{T{0}} : no;
}

}  // namespace halfwave::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HALFWAVE_BASE_SCALAR_INL_H_
