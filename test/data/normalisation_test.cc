#include "halfwave/data/normalisation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sample.h"

namespace halfwave {
namespace {

TEST(Normalisation, MeasuresEachChannel) {
  // Channel 0 is 0 or 255, channel 1 always 51, channel 2 is 10, 20, 30 or 40.
  const MadeDataset data(2, {1, 2, 3}, [](std::size_t i, std::size_t place) {
    const std::size_t pixel = 2 * i + place / 3;
    return place % 3 == 0   ? static_cast<int>(pixel % 2 * 255)
           : place % 3 == 1 ? 51
                            : static_cast<int>(10 * (pixel + 1));
  });
  const Normalisation measured = measure_normalisation(data);
  EXPECT_EQ(measured.mean, (std::vector<float>{0.5F, 0.2F, static_cast<float>(25.0 / 255)}));
  // The variance of 10, 20, 30 and 40 is 125; a constant channel is not scaled.
  EXPECT_EQ(measured.deviation, (std::vector<float>{0.5F, 1.0F, static_cast<float>(std::sqrt(125.0) / 255)}));
}

TEST(Normalisation, SeesOneOddPixelAmongMany) {
  const MadeDataset data(1'000, {32, 32, 1},
                         [](std::size_t i, std::size_t place) { return i == 7 && place == 9 ? 254 : 255; });
  const double share = 1.0 / (1'000 * 32 * 32);
  EXPECT_NEAR(measure_normalisation(data).deviation[0], std::sqrt(share * (1 - share)) / 255, 1e-10);
}

TEST(Normalisation, Applies) {
  const Normaliser normaliser({.mean = {0.5F, 0.0F}, .deviation = {0.5F, 2.0F}}, 2);
  const std::vector<std::uint8_t> pixels{0, 0, 255, 255, 51, 51};
  std::vector<float> x(6);
  normaliser.apply(pixels.data(), 3, x.data());
  EXPECT_EQ(x, (std::vector<float>{-1.0F, 0.0F, 1.0F, 0.5F, -0.6F, 0.1F}));
  const Normaliser grey({.mean = {0.0F}, .deviation = {1.0F}}, 1);
  grey.apply(pixels.data(), 6, x.data());
  EXPECT_EQ(x, (std::vector<float>{0.0F, 0.0F, 1.0F, 1.0F, 0.2F, 0.2F}));
}

TEST(Normalisation, AppliesToAnyLength) {
  const Normaliser normaliser({.mean = {0.3F}, .deviation = {0.4F}}, 1);
  std::vector<std::uint8_t> pixels(256);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(37 * i);
  for (std::size_t length = 0; length <= 30; ++length) {
    for (std::size_t start = 0; start + length <= pixels.size(); ++start) {
      std::vector<float> x(length + 1, 9.0F);
      normaliser.apply(pixels.data() + start, length, x.data());
      for (std::size_t i = 0; i < length; ++i) {
        const double expected = (pixels[start + i] / 255.0 - 0.3F) / 0.4F;
        ASSERT_EQ(x[i], static_cast<float>(expected));
      }
      ASSERT_EQ(x[length], 9.0F);
    }
  }
}

TEST(Normalisation, SaysWhatIsWrong) {
  EXPECT_EQ(message([] {
              Normaliser({.mean = {0, 0, 0}, .deviation = {1}}, 3);
            }),
            "normalisation: expected a mean and a deviation for each of 3 channels, got 3 and 1");
  EXPECT_EQ(message([] {
              Normaliser({.mean = {0, 0.5F}, .deviation = {1, 0}}, 2);
            }),
            "normalisation: expected finite numbers and a deviation above 0, got mean 0.5 and deviation 0 of "
            "channel 1");
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(message([=] { Normaliser({.mean = {nan}, .deviation = {1}}, 1); }),
            "normalisation: expected finite numbers and a deviation above 0, got mean nan and deviation 1 of "
            "channel 0");
}

}  // namespace
}  // namespace halfwave
