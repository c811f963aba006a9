// Two vectors of Highway as one: every operation is done on the first, then on the second. A formula written
// for one vector so becomes two chains of instructions side by side, each hiding the latency of the other; a
// Twin of Twins makes it four. Only the operations that formulas here need.
// Per-target header: included once for each instruction set.

#if defined(HALFWAVE_BASE_TWIN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_BASE_TWIN_INL_H_
#undef HALFWAVE_BASE_TWIN_INL_H_
#else
#define HALFWAVE_BASE_TWIN_INL_H_
#endif

#include <cstddef>

#include <hwy/highway.h>
#include "halfwave/base/scalar-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class V>
struct Twin {
  V first;
  V second;
};
template <class V>
Twin(V, V) -> Twin<V>;

// Stands for D where two vectors of D are meant.
template <class D>
struct TwinTag {};

namespace detail {
template <class D>
struct Traits {
  using Lane = hn::TFromD<D>;
  using Signed = hn::RebindToSigned<D>;
};
template <class T>
struct Traits<ScalarTag<T>> {
  using Lane = T;
};
template <class D>
struct Traits<TwinTag<D>> {
  using Lane = typename Traits<D>::Lane;
  using Signed = TwinTag<typename Traits<D>::Signed>;
};
}  // namespace detail

template <class D>
using Lane = typename detail::Traits<D>::Lane;
template <class D>
using SignedTag = typename detail::Traits<D>::Signed;

using hn::Abs;
using hn::Add;
using hn::And;
using hn::ApproximateReciprocal;
using hn::ApproximateReciprocalSqrt;
using hn::BitCast;
using hn::CopySign;
using hn::Div;
using hn::Eq;
using hn::Ge;
using hn::Gt;
using hn::IfThenElse;
using hn::IfThenElseZero;
using hn::IfThenZeroElse;
using hn::Lanes;
using hn::Le;
using hn::LoadU;
using hn::Lt;
using hn::Max;
using hn::Min;
using hn::Mul;
using hn::MulAdd;
using hn::MulSub;
using hn::Neg;
using hn::NegMulAdd;
using hn::Set;
using hn::ShiftLeft;
using hn::Sqrt;
using hn::StoreU;
using hn::Stream;
using hn::Sub;
using hn::Zero;

#define HALFWAVE_TWIN_1(op)                 \
  template <class V>                        \
  HWY_INLINE auto op(const Twin<V>& a) {    \
    return Twin{op(a.first), op(a.second)}; \
  }
#define HALFWAVE_TWIN_2(op)                                    \
  template <class V>                                           \
  HWY_INLINE auto op(const Twin<V>& a, const Twin<V>& b) {     \
    return Twin{op(a.first, b.first), op(a.second, b.second)}; \
  }
#define HALFWAVE_TWIN_3(op)                                                       \
  template <class A, class V>                                                     \
  HWY_INLINE auto op(const Twin<A>& a, const Twin<V>& b, const Twin<V>& c) {      \
    return Twin{op(a.first, b.first, c.first), op(a.second, b.second, c.second)}; \
  }
#define HALFWAVE_TWIN_MASK(op)                                 \
  template <class M, class V>                                  \
  HWY_INLINE auto op(const Twin<M>& m, const Twin<V>& a) {     \
    return Twin{op(m.first, a.first), op(m.second, a.second)}; \
  }

HALFWAVE_TWIN_1(Abs)
HALFWAVE_TWIN_1(ApproximateReciprocal)
HALFWAVE_TWIN_1(ApproximateReciprocalSqrt)
HALFWAVE_TWIN_1(Neg)
HALFWAVE_TWIN_1(Sqrt)
HALFWAVE_TWIN_2(Add)
HALFWAVE_TWIN_2(And)
HALFWAVE_TWIN_2(CopySign)
HALFWAVE_TWIN_2(Div)
HALFWAVE_TWIN_2(Eq)
HALFWAVE_TWIN_2(Ge)
HALFWAVE_TWIN_2(Gt)
HALFWAVE_TWIN_2(Le)
HALFWAVE_TWIN_2(Lt)
HALFWAVE_TWIN_2(Max)
HALFWAVE_TWIN_2(Min)
HALFWAVE_TWIN_2(Mul)
HALFWAVE_TWIN_2(Sub)
HALFWAVE_TWIN_3(IfThenElse)
HALFWAVE_TWIN_3(MulAdd)
HALFWAVE_TWIN_3(MulSub)
HALFWAVE_TWIN_3(NegMulAdd)
HALFWAVE_TWIN_MASK(IfThenElseZero)
HALFWAVE_TWIN_MASK(IfThenZeroElse)

#undef HALFWAVE_TWIN_1
#undef HALFWAVE_TWIN_2
#undef HALFWAVE_TWIN_3
#undef HALFWAVE_TWIN_MASK

template <int bits, class V>
HWY_INLINE Twin<V> ShiftLeft(const Twin<V>& a) {
  return {ShiftLeft<bits>(a.first), ShiftLeft<bits>(a.second)};
}

template <class D>
HWY_INLINE std::size_t Lanes(TwinTag<D>) {
  return 2 * Lanes(D());
}
template <class D>
HWY_INLINE auto Zero(TwinTag<D>) {
  return Twin{Zero(D()), Zero(D())};
}
template <class D, class T>
HWY_INLINE auto Set(TwinTag<D>, T value) {
  return Twin{Set(D(), value), Set(D(), value)};
}
template <class D, class V>
HWY_INLINE auto BitCast(TwinTag<D>, const Twin<V>& a) {
  return Twin{BitCast(D(), a.first), BitCast(D(), a.second)};
}
template <class D>
HWY_INLINE auto LoadU(TwinTag<D>, const Lane<D>* from) {
  return Twin{LoadU(D(), from), LoadU(D(), from + Lanes(D()))};
}
template <class V, class D>
HWY_INLINE void StoreU(const Twin<V>& a, TwinTag<D>, Lane<D>* to) {
  StoreU(a.first, D(), to);
  StoreU(a.second, D(), to + Lanes(D()));
}

template <class V, class D>
HWY_INLINE void Stream(const Twin<V>& a, TwinTag<D>, Lane<D>* to) {
  Stream(a.first, D(), to);
  Stream(a.second, D(), to + Lanes(D()));
}

template <class D>
using Vec = decltype(Zero(D()));

// What AVX-512 alone has.
#undef HALFWAVE_AVX512
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
#define HALFWAVE_AVX512 1

// 2^power x, rounded once, for powers that are whole numbers; of others the whole part counts (the next
// below).
HWY_INLINE hn::Vec512<float> scalef(hn::Vec512<float> x, hn::Vec512<float> power) {
  return hn::Vec512<float>{_mm512_scalef_ps(x.raw, power.raw)};
}
template <class V>
HWY_INLINE Twin<V> scalef(const Twin<V>& x, const Twin<V>& power) {
  return {scalef(x.first, power.first), scalef(x.second, power.second)};
}

// a b + c, rounded up.
HWY_INLINE hn::Vec512<float> mul_add_up(hn::Vec512<float> a, hn::Vec512<float> b, hn::Vec512<float> c) {
  constexpr int up = _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC;
  return hn::Vec512<float>{_mm512_fmadd_round_ps(a.raw, b.raw, c.raw, up)};
}
template <class V>
HWY_INLINE Twin<V> mul_add_up(const Twin<V>& a, const Twin<V>& b, const Twin<V>& c) {
  return {mul_add_up(a.first, b.first, c.first), mul_add_up(a.second, b.second, c.second)};
}

// table[index] of 32 floats (aligned to 64 bytes), index the lowest 5 bits of each lane.
HWY_INLINE hn::Vec512<float> look_up(const float* table, hn::Vec512<float> index) {
  return hn::Vec512<float>{_mm512_permutex2var_ps(_mm512_load_ps(table), _mm512_castps_si512(index.raw),
                                                  _mm512_load_ps(table + 16))};
}
template <class V>
HWY_INLINE Twin<V> look_up(const float* table, const Twin<V>& index) {
  return {look_up(table, index.first), look_up(table, index.second)};
}
#else
#define HALFWAVE_AVX512 0
#endif

}  // namespace halfwave::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HALFWAVE_BASE_TWIN_INL_H_
