// Whole-array additions and copies: exact, of any length, in place, the epilogue once a value.
#include "halfwave/kernel/elementwise.h"

#include <gtest/gtest.h>

#include "kernel_testing.h"

namespace halfwave::kernel {
namespace {

// Around the blocks of the kernel and the parts of the threads.
const std::vector<std::size_t>& lengths() {
  static const std::vector<std::size_t> all{0, 1, 3, 17, 2047, 2048, 2049, 16384, 16385, 50001};
  return all;
}

TEST(Elementwise, AddsWithTheEpilogueOnce) {
  RandomStream random = random_of(1);
  for (const std::size_t count : lengths()) {
    for (const int threads : {1, 2}) {
      const ThreadScope scope(threads);
      const Guarded<float> a(normal_values(random, count), Edge::back);
      const Guarded<float> b(normal_values(random, count), Edge::front);
      std::vector<float> sum(count);
      std::vector<float> counted(count);
      for (std::size_t i = 0; i < count; ++i) {
        sum[i] = a.data()[i] + b.data()[i];
        counted[i] = sum[i] + epilogue_step;
      }
      Guarded<float> y(count, Edge::back);
      add(a.data(), b.data(), y.data(), count);
      EXPECT_EQ(bits(y.values()), bits(sum)) << count;
      for (const bool first : {true, false}) {  // y may be either
        Guarded<float> place(first ? a.values() : b.values(), Edge::back);
        add(first ? place.data() : a.data(), first ? b.data() : place.data(), place.data(), count,
            counting_epilogue());
        EXPECT_EQ(bits(place.values()), bits(counted)) << count;
      }
      Guarded<float> total(a.values(), Edge::front);
      add_to(total.data(), b.data(), count);
      EXPECT_EQ(bits(total.values()), bits(sum)) << count;
    }
  }
}

TEST(Elementwise, Copies) {
  RandomStream random = random_of(2);
  for (const std::size_t count : lengths()) {
    const Guarded<float> x(normal_values(random, count), Edge::back);
    Guarded<float> y(count, Edge::front);
    copy(x.data(), y.data(), count);
    EXPECT_EQ(bits(y.values()), bits(x.values())) << count;
    copy(y.data(), y.data(), count);
    EXPECT_EQ(bits(y.values()), bits(x.values())) << count;
  }
}

TEST(Elementwise, GoesOverBlocksWithoutGapOrOverlap) {
  for (const std::size_t count : lengths()) {
    for (const int threads : {1, 2}) {
      const ThreadScope scope(threads);
      std::vector<int> seen(count);
      over_blocks(count, [&](std::size_t begin, std::size_t size) {
        for (std::size_t i = begin; i < begin + size; ++i) ++seen[i];
      });
      EXPECT_EQ(seen, std::vector<int>(count, 1));
    }
  }
}

}  // namespace
}  // namespace halfwave::kernel
