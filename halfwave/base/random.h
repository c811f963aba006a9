// Seeded random numbers that depend on nothing but their key: Philox4x32-10
// (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011).
// A stream is named by seed, purpose, step and image, so that results do not depend on threads,
// on the split of a batch, or on how often a run was interrupted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace halfwave {

// What a stream is for: two purposes never share numbers. The values are part of the file format of
// a run (a resumed run must draw the same numbers), so they are never reused.
enum class RandomPurpose : std::uint32_t {
  weights = 1,
  order = 2,
  dropout = 3,
  bench = 4,
  split = 5,
  test = 6,
  augment = 7,
  mixup = 8,
  revival = 9,
  subset = 10
};

// Philox4x32-10: four random words from a 128-bit counter and a 64-bit key.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

// A stream of random numbers; copying it copies its position. Not for several threads at once.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, RandomPurpose purpose, std::uint64_t step = 0, std::uint32_t image = 0);

  std::uint32_t next();                      // 32 random bits
  float uniform();                           // in [0, 1), a multiple of 2^-24
  float normal();                            // mean 0, variance 1 (Box and Muller 1958)
  std::uint32_t below(std::uint32_t limit);  // in [0, limit), without bias; limit > 0

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  std::size_t used_ = 4;
};

}  // namespace halfwave
