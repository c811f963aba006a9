// Small learnable data for tests: each class is a bright bar at its own place, in noise.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "halfwave/base/random.h"
#include "halfwave/data/dataset.h"
#include "halfwave/net/net.h"

namespace halfwave {

class SampleData : public Dataset {
 public:
  SampleData(std::size_t size, std::uint64_t seed) : size_(size), seed_(seed) {}

  std::size_t size() const override { return size_; }
  Shape shape() const override { return {8, 8, 1}; }
  int label(std::size_t i) const override {
    return static_cast<int>(RandomStream(seed_, RandomPurpose::test, i).below(4));
  }
  void get(std::size_t i, float* values) const override {
    RandomStream random(seed_, RandomPurpose::test, i);
    const auto label = random.below(4);
    for (std::uint32_t p = 0; p < 64; ++p) {
      const bool bar = p / 8 / 2 == label;
      values[p] = static_cast<float>(random.below(120) + (bar ? 100 : 0)) / 255;
    }
  }
  const std::vector<std::string>& classes() const override { return classes_; }
  std::string fingerprint() const override { return std::to_string(seed_) + ":" + std::to_string(size_); }

 private:
  std::size_t size_;
  std::uint64_t seed_;
  std::vector<std::string> classes_{"top", "upper", "lower", "bottom"};
};

inline DataPair sample_data() {
  return {.name = "sample",
          .kind = "made",
          .train = std::make_shared<SampleData>(500, 1),
          .test = std::make_shared<SampleData>(100, 2)};
}

// All that training changes.
inline std::vector<float> values_of(const Net& net) {
  std::vector<float> all(net.parameters().begin(), net.parameters().end());
  all.insert(all.end(), net.state().begin(), net.state().end());
  return all;
}

// Convolution, batch norm, dropout, pooling: everything that has state.
inline const char* sample_net() {
  return R"(
name = "sample"
input = [8, 8, 1]
layers = [
  { conv = 4, kernel = 3, pad = 1 }, "batch_norm", "activation", { max_pool = 2 },
  { dropout = 0.2 }, { linear = 16 }, "activation", { linear = 4 },
]
)";
}

}  // namespace halfwave
