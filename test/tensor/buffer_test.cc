#include "halfwave/tensor/buffer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <new>

namespace halfwave {
namespace {

TEST(Buffer, IsAlignedAndZero) {
  for (const std::size_t count : {1U, 15U, 16U, 17U, 100'000U}) {
    Buffer buffer(count);
    ASSERT_EQ(buffer.size(), count);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % alignment, 0U);
    for (const float value : buffer.span()) ASSERT_EQ(value, 0);
    buffer[count - 1] = 1;
    EXPECT_EQ(buffer.span().back(), 1);
  }
}

TEST(Buffer, MayBeEmpty) {
  EXPECT_EQ(Buffer().size(), 0U);
  EXPECT_TRUE(Buffer(0).span().empty());
}

TEST(Buffer, MovesItsMemory) {
  Buffer first(3);
  first[2] = 5;
  const float* const data = first.data();
  const Buffer second = std::move(first);
  EXPECT_EQ(second.data(), data);
  EXPECT_EQ(second[2], 5);
}

TEST(Buffer, AlignsUp) {
  EXPECT_EQ(align_up(0), 0U);
  EXPECT_EQ(align_up(1), alignment);
  EXPECT_EQ(align_up(alignment), alignment);
  EXPECT_EQ(align_up(alignment + 1), 2 * alignment);
}

}  // namespace
}  // namespace halfwave
