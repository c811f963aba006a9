// The arena: no two buffers that are needed at once overlap, and sharing pays.
#include "halfwave/net/arena.h"

#include <gtest/gtest.h>

#include "halfwave/base/random.h"
#include "halfwave/tensor/buffer.h"

namespace halfwave {
namespace {

void expect_sound(std::vector<Lifetime> buffers) {
  const std::size_t total = arrange(buffers);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    const Lifetime& a = buffers[i];
    sum += align_up(a.bytes);
    ASSERT_EQ(a.offset % alignment, 0U);
    ASSERT_LE(a.offset + a.bytes, total);
    for (std::size_t j = 0; j < i; ++j) {
      const Lifetime& b = buffers[j];
      const bool together = a.first <= b.last && b.first <= a.last;
      const bool overlap = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
      ASSERT_FALSE(together && overlap) << i << " and " << j;
    }
  }
  EXPECT_LE(total, sum);
  // At any time all that is needed must fit.
  for (const Lifetime& at : buffers) {
    std::size_t needed = 0;
    for (const Lifetime& other : buffers) {
      if (other.first <= at.first && at.first <= other.last) needed += align_up(other.bytes);
    }
    EXPECT_GE(total, needed);
  }
}

TEST(Arena, NeverOverlapsWhatIsNeededTogether) {
  RandomStream random(1, RandomPurpose::test);
  for (int run = 0; run < 300; ++run) {
    std::vector<Lifetime> buffers(random.below(40));
    const std::uint32_t times = 1 + random.below(30);
    for (Lifetime& buffer : buffers) {
      buffer.bytes = random.below(3) == 0 ? random.below(5) : random.below(5000);
      buffer.first = random.below(times);
      buffer.last = buffer.first + random.below(times);
      buffer.offset = 12345;  // whatever was there before
    }
    expect_sound(buffers);
  }
}

TEST(Arena, SharesWhatIsNotNeededTogether) {
  std::vector<Lifetime> chain;
  for (std::size_t t = 0; t < 100; ++t) chain.push_back({.bytes = 1000, .first = t, .last = t + 1});
  EXPECT_EQ(arrange(chain), 2 * align_up(1000));  // each with the next alone
  std::vector<Lifetime> none;
  EXPECT_EQ(arrange(none), 0U);
}

}  // namespace
}  // namespace halfwave
