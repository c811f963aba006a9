// The share of zeros, from all values or a sample.
#include "halfwave/kernel/zero_share.h"

#include <gtest/gtest.h>

#include <cmath>

#include "convolution_testing.h"

namespace halfwave::kernel {
namespace {

TEST(ZeroShare, CountsFewValuesOneByOne) {
  EXPECT_EQ(zero_share(nullptr, 0), 0);
  const std::vector<float> values{0.0F, -0.0F, 1e-45F, not_a_number, 1.0F};
  EXPECT_EQ(zero_share(values.data(), values.size()), 0.4);
}

TEST(ZeroShare, EstimatesMany) {
  for (const std::size_t count : {4096U, 4097U, 5000U, 1'000'003U}) {
    for (const double share : {0.0, 0.5, 0.9, 1.0}) {
      RandomStream random = random_of(count);
      std::vector<float> values(count, 1);
      for (float& value : values) value = random.uniform() < share ? 0.0F : 1.0F;
      if (share == 1) values.assign(count, 0);
      const Guarded<float> guarded(values, Edge::back);
      // Five standard deviations of a mean over 4096 values.
      EXPECT_NEAR(zero_share(guarded.data(), count), share, 5 * std::sqrt(share * (1 - share) / 4096));
    }
  }
}

// What is decided by it is cheap: from 512 values, of the whole range, none of them outside.
TEST(ZeroShare, LooksAtFewerForWhatCostsLittle) {
  for (const std::size_t count : {512U, 513U, 5000U}) {
    std::vector<float> values(count, 1);
    std::fill_n(values.begin(), count / 2, 0.0F);
    const Guarded<float> guarded(values, Edge::back);
    // A run of 32 of the 16 may lie across the middle.
    EXPECT_NEAR(zero_share(guarded.data(), count, 1000), 0.5, 1.0 / 16);
  }
  // 4096 products for each of 1024 values, in runs of 64: all of the zeros at the end of a part are missed by
  // the first run, which begins with the values.
  std::vector<float> values(5000, 1);
  std::fill_n(values.begin() + 64, 192, 0.0F);
  EXPECT_EQ(zero_share(values.data(), values.size(), 4096 * 1024), 0);
  EXPECT_GT(zero_share(values.data(), values.size()), 0.02);
}

// Of 64 images of 32 x 32 x 64, with zeros in half of the channels, of the columns or of the rows.
TEST(ZeroShare, IsNotLedAstrayByTheShapeOfImages) {
  constexpr std::size_t side = 32;
  constexpr std::size_t channels = 64;
  std::vector<float> channel, column, row;
  for (std::size_t i = 0; i < 64 * side * side * channels; ++i) {
    channel.push_back(i % channels < channels / 2 ? 0.0F : 1.0F);
    column.push_back(i / channels % side < side / 2 ? 0.0F : 1.0F);
    row.push_back(i / channels / side % side < side / 2 ? 0.0F : 1.0F);
  }
  // A run of the sample lies in one row: of 16, half and at most 3 more or fewer.
  EXPECT_NEAR(zero_share(channel.data(), channel.size()), 0.5, 1e-9);
  EXPECT_NEAR(zero_share(column.data(), column.size()), 0.5, 3.0 / 16);
  EXPECT_NEAR(zero_share(row.data(), row.size()), 0.5, 3.0 / 16);
}

}  // namespace
}  // namespace halfwave::kernel
