// Running a test on every instruction set.
#pragma once

#include <gtest/gtest.h>

#include "halfwave/base/simd_targets.h"

#include <hwy/targets.h>

#include <cstdint>

namespace halfwave {

// Calls test() once for each instruction set that the library was built for and this CPU has.
template <class Test>
void for_each_target(Test&& test) {
  struct Restore {
    ~Restore() {
      hwy::SetSupportedTargetsForTest(0);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    }
  } restore;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    test();
  }
}

}  // namespace halfwave
