#include "halfwave/data/normalisation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "halfwave/base/parallel.h"
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
  ASSERT_EQ(measured.deviation.size(), 3U);
  EXPECT_EQ(measured.deviation[0], 0.5F);
  EXPECT_EQ(measured.deviation[1], 1.0F);
  EXPECT_FLOAT_EQ(measured.deviation[2], static_cast<float>(std::sqrt(125.0) / 255));
}

TEST(Normalisation, SeesOneOddPixelAmongMany) {
  const MadeDataset data(1'000, {32, 32, 1},
                         [](std::size_t i, std::size_t place) { return i == 7 && place == 9 ? 254 : 255; });
  const double share = 1.0 / (1'000 * 32 * 32);
  EXPECT_NEAR(measure_normalisation(data).deviation[0], std::sqrt(share * (1 - share)) / 255, 1e-10);
}

// Within two roundings: that of the distance from the mean, and of its product with the factor.
TEST(Normalisation, AppliesToAnyLengthAndNumberOfChannels) {
  for (const std::int64_t channels : {1, 2, 3, 5, 48, 100}) {
    Normalisation normalisation;
    for (std::int64_t c = 0; c < channels; ++c) {
      normalisation.mean.push_back(0.3F + 0.01F * static_cast<float>(c));
      normalisation.deviation.push_back(0.4F + 0.02F * static_cast<float>(c));
    }
    const Normaliser normaliser(normalisation, channels);
    for (std::size_t pixels = 0; pixels < 70; ++pixels) {
      const auto size = pixels * static_cast<std::size_t>(channels);
      std::vector<float> x(size + 1);
      for (std::size_t i = 0; i <= size; ++i) x[i] = static_cast<float>(37 * i % 256) / 255;
      const std::vector<float> before = x;
      normaliser.apply(x.data(), pixels);
      for (std::size_t i = 0; i < size; ++i) {
        const std::size_t c = i % static_cast<std::size_t>(channels);
        const double expected =
            (static_cast<double>(before[i]) - normalisation.mean[c]) / normalisation.deviation[c];
        ASSERT_NEAR(x[i], expected, 2.5e-7 * (1 + std::abs(expected)))
            << channels << " channels, value " << i;
      }
      ASSERT_EQ(x[size], before[size]);
    }
  }
}

TEST(Normalisation, IsTheSameForAnyNumberOfThreads) {
  const MadeDataset data(500, {4, 4, 3}, [](std::size_t i, std::size_t place) {
    return static_cast<int>((i * 7919 + place * 104729) % 251);
  });
  const ThreadScope one(1);
  const Normalisation expected = measure_normalisation(data);
  const ThreadScope three(3);
  EXPECT_EQ(measure_normalisation(data), expected);
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
