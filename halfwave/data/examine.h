// What one should know of data before training on them.
#pragma once

#include <cstddef>
#include <vector>

#include "halfwave/data/dataset.h"

namespace halfwave {

// Examples by label.
std::vector<std::size_t> count_labels(const Dataset& data);

// An example of the test part and one of the training part that has the very same values.
struct Duplicate {
  std::size_t test, train;
};

// In order of the test part, the first of the training part each. Reads all examples. Passes on what get()
// throws.
std::vector<Duplicate> find_duplicates(const Dataset& train, const Dataset& test);

}  // namespace halfwave
