#include "halfwave/data/examine.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_map>

namespace halfwave {
namespace {

std::size_t hash(const std::vector<float>& values) {
  return std::hash<std::string_view>{}(
      {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
}

}  // namespace

std::vector<std::size_t> count_labels(const Dataset& data) {
  std::vector<std::size_t> counts(data.classes().size(), 0);
  for (std::size_t i = 0; i < data.size(); ++i) ++counts[static_cast<std::size_t>(data.label(i))];
  return counts;
}

std::vector<Duplicate> find_duplicates(const Dataset& train, const Dataset& test) {
  std::unordered_multimap<std::size_t, std::size_t> by_hash;
  std::vector<float> values(train.shape().size());
  for (std::size_t i = 0; i < train.size(); ++i) {
    train.get(i, values.data());
    by_hash.emplace(hash(values), i);
  }
  std::vector<Duplicate> found;
  std::vector<float> other(values.size());
  for (std::size_t i = 0; i < test.size(); ++i) {
    test.get(i, values.data());
    const auto [begin, end] = by_hash.equal_range(hash(values));
    std::size_t first = train.size();
    for (auto candidate = begin; candidate != end; ++candidate) {
      train.get(candidate->second, other.data());
      if (other == values) first = std::min(first, candidate->second);
    }
    if (first < train.size()) found.push_back({i, first});
  }
  return found;
}

}  // namespace halfwave
