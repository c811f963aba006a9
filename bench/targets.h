// The instruction sets that a program was compiled for and this machine has.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "halfwave/base/error.h"
#include "halfwave/base/simd_targets.h"

#include <hwy/targets.h>

namespace halfwave {

struct Target {
  std::string name;
  std::int64_t id;
};

// Whether this was compiled for one instruction set alone (NEON, on Arm): then nothing is to choose, and
// Highway's library is not called.
constexpr bool one_target = (HWY_TARGETS & (HWY_TARGETS - 1)) == 0;

// Those of these names, or all. Error for one that is not here.
inline std::vector<Target> targets(const std::vector<std::string>& names) {
  std::vector<Target> all;
  std::vector<std::string> known;
  for (const std::int64_t id :
       one_target ? std::vector<std::int64_t>{HWY_TARGETS} : hwy::SupportedAndGeneratedTargets()) {
    known.emplace_back(hwy::TargetName(id));
    if (names.empty() || std::ranges::find(names, known.back()) != names.end())
      all.push_back({known.back(), id});
  }
  for (const std::string& name : names) {
    if (std::ranges::find(known, name) == known.end())
      fail("--target: {} is not here; there are {}", name, fmt::join(known, ", "));
  }
  return all;
}

}  // namespace halfwave
