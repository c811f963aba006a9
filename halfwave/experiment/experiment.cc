#include "halfwave/experiment/experiment.h"

#include <fmt/ranges.h>

#include <array>

#include "halfwave/base/error.h"
#include "halfwave/base/text.h"
#include "halfwave/experiment/claims.h"

namespace halfwave {

std::span<const Experiment> experiments() {
  using namespace experiment;
  static const std::array all{alexnet, vanishing, cost, sparsity, centring, dying, output};
  return all;
}

const Experiment& experiment_by_name(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Experiment& each : experiments()) {
    if (each.name == name) return each;
    names.push_back(each.name);
  }
  fail("unknown experiment '{}'{} (known: {})", name, suggestion(name, names), fmt::join(names, ", "));
}

}  // namespace halfwave
