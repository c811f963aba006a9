#include "halfwave/kernel/parameter_update.h"

#include "halfwave/base/simd_targets.h"
#include "halfwave/kernel/elementwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/parameter_update.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/partial-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using UpdateTag = hn::ScalableTag<float>;
using UpdateVector = hn::Vec<UpdateTag>;

UpdateVector constant(float value) { return hn::Set(UpdateTag(), value); }

// Calls step(w, g, kept...) for vectors of parameters, which it may change.
template <class Step, class... Kept>
HWY_INLINE void for_vectors(std::size_t count, const Step& step, float* w, float* g, Kept*... kept) {
  const UpdateTag d;
  const auto update = [&](std::size_t i, UpdateVector weight, auto... values) HWY_ATTR {
    step(weight, load_first(d, g + i, count - i), values...);
    store_first(weight, d, w + i, count - i);
    (store_first(values, d, kept + i, count - i), ...);
    store_first(hn::Zero(d), d, g + i, count - i);
  };
  for (std::size_t i = 0; i < count; i += hn::Lanes(d))
    update(i, load_first(d, w + i, count - i), load_first(d, kept + i, count - i)...);
}

void sgd_update(const SgdUpdate& u, std::size_t count, float* w, float* g, float* velocity) {
  const UpdateVector rate = constant(u.rate);
  const UpdateVector decay = constant(u.decay);
  const UpdateVector momentum = constant(u.momentum);
  for_vectors(
      count,
      [&](UpdateVector& weight, UpdateVector gradient, UpdateVector& v) HWY_ATTR {
        gradient = hn::Add(gradient, hn::Mul(decay, weight));
        v = hn::Add(hn::Mul(momentum, v), gradient);
        const UpdateVector way = u.nesterov ? hn::Add(gradient, hn::Mul(momentum, v)) : v;
        weight = hn::Sub(weight, hn::Mul(rate, way));
      },
      w, g, velocity);
}

void adam_update(const AdamUpdate& u, std::size_t count, float* w, float* g, float* mean, float* square) {
  const UpdateVector rate = constant(u.rate);
  const UpdateVector scaled_rate = constant(u.rate * u.scale1);
  const UpdateVector decay = constant(u.decay);
  const UpdateVector beta1 = constant(u.beta1);
  const UpdateVector beta2 = constant(u.beta2);
  const UpdateVector share1 = constant(1 - u.beta1);
  const UpdateVector share2 = constant(1 - u.beta2);
  const UpdateVector epsilon = constant(u.epsilon);
  const UpdateVector scale2 = constant(u.scale2);
  for_vectors(
      count,
      [&](UpdateVector& weight, UpdateVector gradient, UpdateVector& m, UpdateVector& s) HWY_ATTR {
        const UpdateVector decayed = hn::Mul(decay, weight);
        if (!u.decoupled) gradient = hn::Add(gradient, decayed);
        m = hn::Add(hn::Mul(beta1, m), hn::Mul(share1, gradient));
        s = hn::Add(hn::Mul(beta2, s), hn::Mul(hn::Mul(share2, gradient), gradient));
        const UpdateVector size = hn::Add(hn::Mul(hn::Sqrt(s), scale2), epsilon);
        UpdateVector way = hn::Div(hn::Mul(scaled_rate, m), size);
        if (u.decoupled) way = hn::Add(hn::Mul(rate, decayed), way);
        weight = hn::Sub(weight, way);
      },
      w, g, mean, square);
}

void rmsprop_update(const RmspropUpdate& u, std::size_t count, float* w, float* g, float* velocity,
                    float* square) {
  const UpdateVector rate = constant(u.rate);
  const UpdateVector decay = constant(u.decay);
  const UpdateVector alpha = constant(u.alpha);
  const UpdateVector share = constant(1 - u.alpha);
  const UpdateVector momentum = constant(u.momentum);
  const UpdateVector epsilon = constant(u.epsilon);
  for_vectors(
      count,
      [&](UpdateVector& weight, UpdateVector gradient, UpdateVector& v, UpdateVector& s) HWY_ATTR {
        gradient = hn::Add(gradient, hn::Mul(decay, weight));
        s = hn::Add(hn::Mul(alpha, s), hn::Mul(hn::Mul(share, gradient), gradient));
        v = hn::Add(hn::Mul(momentum, v), hn::Div(gradient, hn::Add(hn::Sqrt(s), epsilon)));
        weight = hn::Sub(weight, hn::Mul(rate, v));
      },
      w, g, velocity, square);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {
HWY_EXPORT(sgd_update);
HWY_EXPORT(adam_update);
HWY_EXPORT(rmsprop_update);
}  // namespace

void SgdUpdate::run(std::size_t count, float* w, float* g, float* velocity) const {
  const auto update = HWY_DYNAMIC_DISPATCH(sgd_update);
  over_blocks(count, [&](std::size_t begin, std::size_t size) {
    update(*this, size, w + begin, g + begin, velocity + begin);
  });
}

void AdamUpdate::run(std::size_t count, float* w, float* g, float* mean, float* square) const {
  const auto update = HWY_DYNAMIC_DISPATCH(adam_update);
  over_blocks(count, [&](std::size_t begin, std::size_t size) {
    update(*this, size, w + begin, g + begin, mean + begin, square + begin);
  });
}

void RmspropUpdate::run(std::size_t count, float* w, float* g, float* velocity, float* square) const {
  const auto update = HWY_DYNAMIC_DISPATCH(rmsprop_update);
  over_blocks(count, [&](std::size_t begin, std::size_t size) {
    update(*this, size, w + begin, g + begin, velocity + begin, square + begin);
  });
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
