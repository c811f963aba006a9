#include "halfwave/base/random.h"

#include <cassert>
#include <cmath>
#include <numbers>

namespace halfwave {

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53} * c[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<std::uint32_t>(product1 >> 32) ^ c[1] ^ key[0], static_cast<std::uint32_t>(product1),
         static_cast<std::uint32_t>(product0 >> 32) ^ c[3] ^ key[1], static_cast<std::uint32_t>(product0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return c;
}

RandomStream::RandomStream(std::uint64_t seed, RandomPurpose purpose, std::uint64_t step, std::uint32_t image)
    // The counter's first word counts blocks. The purpose goes into the key, bit-mixed by Philox itself.
    : key_{static_cast<std::uint32_t>(seed),
           static_cast<std::uint32_t>(seed >> 32) ^ (static_cast<std::uint32_t>(purpose) << 24)},
      counter_{0, image, static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32)} {}

std::uint32_t RandomStream::next() {
  if (used_ == block_.size()) {
    block_ = philox(counter_, key_);
    ++counter_[0];
    used_ = 0;
  }
  return block_[used_++];
}

float RandomStream::uniform() { return static_cast<float>(next() >> 8) * 0x1p-24F; }

float RandomStream::normal() {
  const double radius = std::sqrt(-2.0 * std::log((next() + 1.0) * 0x1p-32));
  return static_cast<float>(radius * std::cos(2 * std::numbers::pi * (next() * 0x1p-32)));
}

std::uint32_t RandomStream::below(std::uint32_t limit) {
  assert(limit > 0);
  // Lemire, "Fast Random Integer Generation in an Interval", 2019.
  std::uint64_t product = std::uint64_t{next()} * limit;
  if (static_cast<std::uint32_t>(product) < limit) {
    const std::uint32_t threshold = (0U - limit) % limit;
    while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{next()} * limit;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

}  // namespace halfwave
