// A picture of pictures: some examples of each class, to see what a net is to learn from.
#pragma once

#include <cstdint>

#include "halfwave/data/augment.h"
#include "halfwave/data/dataset.h"
#include "halfwave/data/image.h"

namespace halfwave {

struct SheetOptions {
  std::size_t rows = 20;     // classes at most, the first ones
  std::size_t columns = 10;  // examples of each
  std::int64_t side = 96;    // pixels of the longer side of an example
  // With changes a row is one example of its class as it is, then changed copies of it.
  Augmentation augmentation{};
  std::uint64_t seed = 1;
};

// A row a class in the order of data.classes(), each with its first examples; white where there are no more.
// Error when the examples are no pictures (of 1 or 3 channels).
Image example_sheet(const Dataset& data, const SheetOptions& options = {});

}  // namespace halfwave
