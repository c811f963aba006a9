// Which examples are for training and which for testing, where the data do not say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace halfwave {

struct Split {
  std::vector<std::size_t> train;  // places, in their order
  std::vector<std::size_t> test;
};

// Of each class round(share x its count) go to the test part, drawn by the seed; at least one where the class
// has two or more, and never the last one. The same labels, share and seed give the same split.
Split split_by_class(std::span<const int> labels, double share, std::uint64_t seed);

}  // namespace halfwave
