#include "halfwave/kernel/maxout.h"

#include <cmath>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/maxout.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR  // which has no interleaved loads
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
using DI = hn::RebindToSigned<D>;
using DWinner = hn::Rebind<std::uint8_t, D>;

// The k-th of all pieces in from[k].
template <std::size_t pieces>
HWY_INLINE void load(const float* x, V (&from)[pieces]) {
  if constexpr (pieces == 2) hn::LoadInterleaved2(D(), x, from[0], from[1]);
  if constexpr (pieces == 3) hn::LoadInterleaved3(D(), x, from[0], from[1], from[2]);
  if constexpr (pieces == 4) hn::LoadInterleaved4(D(), x, from[0], from[1], from[2], from[3]);
}
template <std::size_t pieces>
HWY_INLINE void store(const V (&to)[pieces], float* x) {
  if constexpr (pieces == 2) hn::StoreInterleaved2(to[0], to[1], D(), x);
  if constexpr (pieces == 3) hn::StoreInterleaved3(to[0], to[1], to[2], D(), x);
  if constexpr (pieces == 4) hn::StoreInterleaved4(to[0], to[1], to[2], to[3], D(), x);
}

// As many outputs as fill vectors; returns how many.
template <std::size_t pieces>
std::size_t forward_vectors(std::size_t outputs, const float* x, float* y, std::uint8_t* winners) {
  std::size_t i = 0;
  for (; i + hn::Lanes(D()) <= outputs; i += hn::Lanes(D())) {
    V from[pieces];
    load(x + i * pieces, from);
    V best = from[0];
    auto winner = hn::Zero(DI());
    for (std::size_t k = 1; k < pieces; ++k) {
      // Whether this is NaN, or larger, and the best is none.
      const auto worse = hn::Or(hn::Le(from[k], best), hn::IsNaN(best));
      winner =
          hn::IfThenElse(hn::RebindMask(DI(), worse), winner, hn::Set(DI(), static_cast<std::int32_t>(k)));
      best = hn::IfThenElse(worse, best, from[k]);
    }
    hn::StoreU(best, D(), y + i);
    if (winners != nullptr) hn::StoreU(hn::DemoteTo(DWinner(), winner), DWinner(), winners + i);
  }
  return i;
}

template <std::size_t pieces>
std::size_t backward_vectors(std::size_t outputs, const float* dy, const std::uint8_t* winners, float* dx) {
  std::size_t i = 0;
  for (; i + hn::Lanes(D()) <= outputs; i += hn::Lanes(D())) {
    const V gradient = hn::LoadU(D(), dy + i);
    const auto winner = hn::PromoteTo(DI(), hn::LoadU(DWinner(), winners + i));
    V to[pieces];
    for (std::size_t k = 0; k < pieces; ++k) {
      const auto wins = hn::Eq(winner, hn::Set(DI(), static_cast<std::int32_t>(k)));
      to[k] = hn::IfThenElseZero(hn::RebindMask(D(), wins), gradient);
    }
    store(to, dx + i * pieces);
  }
  return i;
}
#endif

void forward(std::size_t outputs, std::size_t pieces, const float* x, float* y, std::uint8_t* winners) {
  std::size_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  if (pieces == 2) i = forward_vectors<2>(outputs, x, y, winners);
  if (pieces == 3) i = forward_vectors<3>(outputs, x, y, winners);
  if (pieces == 4) i = forward_vectors<4>(outputs, x, y, winners);
#endif
  for (; i < outputs; ++i) {
    const float* from = x + i * pieces;
    std::size_t best = 0;
    for (std::size_t k = 1; k < pieces; ++k) {
      if (from[k] > from[best] || (std::isnan(from[k]) && !std::isnan(from[best]))) best = k;
    }
    y[i] = from[best];
    if (winners != nullptr) winners[i] = static_cast<std::uint8_t>(best);
  }
}

void backward(std::size_t outputs, std::size_t pieces, const float* dy, const std::uint8_t* winners,
              float* dx) {
  std::size_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  if (pieces == 2) i = backward_vectors<2>(outputs, dy, winners, dx);
  if (pieces == 3) i = backward_vectors<3>(outputs, dy, winners, dx);
  if (pieces == 4) i = backward_vectors<4>(outputs, dy, winners, dx);
#endif
  for (; i < outputs; ++i) {
    for (std::size_t k = 0; k < pieces; ++k) dx[i * pieces + k] = k == winners[i] ? dy[i] : 0.0F;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

HWY_EXPORT(forward);
HWY_EXPORT(backward);

}  // namespace

void maxout_forward(std::size_t outputs, std::size_t pieces, const float* x, float* y,
                    std::uint8_t* winners) {
  parallel_for(outputs, parallel_grain / pieces + 1, [=](std::size_t begin, std::size_t end, int) {
    HWY_DYNAMIC_DISPATCH(forward)
    (end - begin, pieces, x + begin * pieces, y + begin, winners == nullptr ? nullptr : winners + begin);
  });
}

void maxout_backward(std::size_t outputs, std::size_t pieces, const float* dy, const std::uint8_t* winners,
                     float* dx) {
  parallel_for(outputs, parallel_grain / pieces + 1, [=](std::size_t begin, std::size_t end, int) {
    HWY_DYNAMIC_DISPATCH(backward)(end - begin, pieces, dy + begin, winners + begin, dx + begin * pieces);
  });
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
