// A part of a data set, as a data set.
#pragma once

#include <cstdint>
#include <memory>

#include "halfwave/data/dataset.h"

namespace halfwave {

// So many examples (1 or more), drawn from all by the seed, in their order; all of them where there are no
// more.
std::shared_ptr<const Dataset> some_of(std::shared_ptr<const Dataset> data, std::size_t count,
                                       std::uint64_t seed = 1);

}  // namespace halfwave
