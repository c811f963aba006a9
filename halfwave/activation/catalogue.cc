// Makes of each struct of the catalogue its entry, and its kernels for every instruction set. One loop serves
// all activations, and all positions of an array: whatever is left over at the end is computed by the same
// code, in a padded buffer, so that the bits do not depend on alignment, length or position.
#include "halfwave/activation/entry.h"

#include "halfwave/base/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/activation/catalogue.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include <array>
#include <cstddef>
#include <cstring>

#include <hwy/highway.h>
#include "halfwave/activation/catalogue-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::catalogue::HWY_NAMESPACE {
namespace {

using FloatTag = hn::ScalableTag<float>;
constexpr std::size_t most_lanes = hn::MaxLanes(FloatTag());

// y = f(x) for n values, a multiple of the number of lanes.
template <class A>
HWY_NOINLINE void forward_vectors(const float* x, float* y, std::size_t n, Parameters p) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  if constexpr (A::unroll > 1) {
    for (; i + A::unroll * lanes <= n; i += A::unroll * lanes) {
      for (std::size_t k = 0; k < A::unroll; ++k) {
        hn::StoreU(A::value(d, hn::LoadU(d, x + i + k * lanes), p), d, y + i + k * lanes);
      }
    }
  }
  for (; i < n; i += lanes) hn::StoreU(A::value(d, hn::LoadU(d, x + i), p), d, y + i);
}

template <class A>
HWY_NOINLINE void backward_vectors(const float* s, const float* dy, float* dx, std::size_t n, Parameters p) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  if constexpr (A::unroll > 1) {
    for (; i + A::unroll * lanes <= n; i += A::unroll * lanes) {
      for (std::size_t k = 0; k < A::unroll; ++k) {
        const std::size_t at = i + k * lanes;
        hn::StoreU(Mul(A::slope(d, hn::LoadU(d, s + at), p), hn::LoadU(d, dy + at)), d, dx + at);
      }
    }
  }
  for (; i < n; i += lanes) {
    hn::StoreU(Mul(A::slope(d, hn::LoadU(d, s + i), p), hn::LoadU(d, dy + i)), d, dx + i);
  }
}

template <class A>
void forward(const float* x, float* y, std::size_t n, Parameters p) {
  const std::size_t rest = n % hn::Lanes(FloatTag());
  const std::size_t whole = n - rest;
  forward_vectors<A>(x, y, whole, p);
  if (rest == 0) return;
  std::array<float, most_lanes> buffer{};
  std::memcpy(buffer.data(), x + whole, rest * sizeof(float));
  forward_vectors<A>(buffer.data(), buffer.data(), hn::Lanes(FloatTag()), p);
  std::memcpy(y + whole, buffer.data(), rest * sizeof(float));
}

template <class A>
void backward(const float* saved, const float* dy, float* dx, std::size_t n, Parameters p) {
  const std::size_t rest = n % hn::Lanes(FloatTag());
  const std::size_t whole = n - rest;
  backward_vectors<A>(saved, dy, dx, whole, p);
  if (rest == 0) return;
  std::array<float, most_lanes> saved_buffer{};
  std::array<float, most_lanes> buffer{};
  std::memcpy(saved_buffer.data(), saved + whole, rest * sizeof(float));
  std::memcpy(buffer.data(), dy + whole, rest * sizeof(float));
  backward_vectors<A>(saved_buffer.data(), buffer.data(), buffer.data(), hn::Lanes(FloatTag()), p);
  std::memcpy(dx + whole, buffer.data(), rest * sizeof(float));
}

template <class... A>
Kernel kernel_of(List<A...> /*catalogue*/, std::size_t index) {
  static constexpr Kernel kernels[] = {{&forward<A>, &backward<A>}...};
  return kernels[index];
}

Kernel find_kernel(std::size_t index) { return kernel_of(Catalogue(), index); }

}  // namespace
}  // namespace halfwave::catalogue::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::catalogue {
namespace {

HWY_EXPORT(find_kernel);

namespace once = HWY_NAMESPACE;
using DoubleTag = hwy::HWY_NAMESPACE::CappedTag<double, 1>;

template <class A>
double value(double x, const Parameters& p) {
  const DoubleTag d;
  return once::hn::GetLane(A::value(d, once::hn::Set(d, x), p));
}

template <class A>
double slope(double x, const Parameters& p) {
  const DoubleTag d;
  auto saved = once::hn::Set(d, x);
  if constexpr (A::info.backward_from_y) saved = A::value(d, saved, p);
  return once::hn::GetLane(A::slope(d, saved, p));
}

template <class... A>
std::array<Entry, sizeof...(A)> make_entries(once::List<A...> /*catalogue*/) {
  std::size_t index = 0;
  return {Entry{A::info, index++, &value<A>, &slope<A>, &A::range, &A::kinks, &A::conflict}...};
}

}  // namespace

std::span<const Entry> entries() {
  static const auto all = make_entries(once::Catalogue());
  return all;
}

Kernel kernel(std::size_t index) { return HWY_DYNAMIC_DISPATCH(find_kernel)(index); }

}  // namespace halfwave::catalogue
#endif  // HWY_ONCE
