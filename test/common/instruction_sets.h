// Running a test on every instruction set.
#pragma once

#include <gtest/gtest.h>

#include "halfwave/activation/entry.h"
#include "halfwave/base/simd_targets.h"

#include <hwy/targets.h>

#include <cstdint>

namespace halfwave {

// Highway's set of instructions from now on; 0: all that this CPU has.
inline void use_target(std::int64_t target) {
  hwy::SetSupportedTargetsForTest(target);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  catalogue::choose_kernels();
}

// Calls test() once for each instruction set that the library was built for and this CPU has.
template <class Test>
void for_each_target(Test&& test) {
  struct Restore {
    ~Restore() { use_target(0); }
  } restore;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    use_target(target);
    test();
  }
}

}  // namespace halfwave
