#include "halfwave/kernel/vector_lanes.h"

#include "halfwave/base/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/vector_lanes.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {

std::size_t vector_lanes() { return hwy::HWY_NAMESPACE::Lanes(hwy::HWY_NAMESPACE::ScalableTag<float>()); }

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

HWY_EXPORT(vector_lanes);

}  // namespace

std::size_t vector_lanes() { return HWY_DYNAMIC_DISPATCH(vector_lanes)(); }

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
