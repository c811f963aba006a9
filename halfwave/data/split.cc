#include "halfwave/data/split.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "halfwave/base/random.h"

namespace halfwave {

Split split_by_class(std::span<const int> labels, double share, std::uint64_t seed) {
  std::map<int, std::vector<std::size_t>> by_class;
  for (std::size_t i = 0; i < labels.size(); ++i) by_class[labels[i]].push_back(i);
  Split split;
  for (auto& [label, places] : by_class) {
    RandomStream random(seed, RandomPurpose::split, static_cast<std::uint64_t>(label));
    const auto wanted = static_cast<std::size_t>(std::lround(share * static_cast<double>(places.size())));
    const std::size_t tests = places.size() < 2 ? 0 : std::clamp(wanted, std::size_t{1}, places.size() - 1);
    // The first places of a shuffle (Fisher and Yates).
    for (std::size_t i = 0; i < tests; ++i)
      std::swap(places[i], places[i + random.below(static_cast<std::uint32_t>(places.size() - i))]);
    const auto middle = places.begin() + static_cast<std::ptrdiff_t>(tests);
    split.test.insert(split.test.end(), places.begin(), middle);
    split.train.insert(split.train.end(), middle, places.end());
  }
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.test.begin(), split.test.end());
  return split;
}

}  // namespace halfwave
