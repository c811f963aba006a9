// What units put out, against sums in double over all values.
#include "halfwave/kernel/unit_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "common/guarded.h"
#include "common/instruction_sets.h"
#include "halfwave/base/parallel.h"
#include "halfwave/base/random.h"

namespace halfwave::kernel {
namespace {

struct Expected {
  std::int64_t zeros = 0, not_finite = 0, active = 0;
  double mean = 0, variance = 0, magnitude = 0;
  float minimum = 0, maximum = 0;
};

Expected expected_of(const std::vector<float>& x, std::size_t images, std::size_t pixels, std::size_t units,
                     std::size_t unit) {
  Expected e;
  std::vector<double> finite;
  for (std::size_t image = 0; image < images; ++image) {
    bool active = false;
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      const float value = x[(image * pixels + pixel) * units + unit];
      active = active || value != 0;
      e.zeros += value == 0 ? 1 : 0;
      if (std::isfinite(value)) {
        finite.push_back(static_cast<double>(value));
      } else {
        ++e.not_finite;
      }
    }
    e.active += active ? 1 : 0;
  }
  if (finite.empty()) return e;
  const auto count = static_cast<double>(finite.size());
  for (const double value : finite) {
    e.mean += value / count;
    e.magnitude += std::abs(value) / count;
  }
  for (const double value : finite) e.variance += (value - e.mean) * (value - e.mean) / count;
  e.minimum = static_cast<float>(*std::min_element(finite.begin(), finite.end()));
  e.maximum = static_cast<float>(*std::max_element(finite.begin(), finite.end()));
  return e;
}

void expect_statistics(const UnitStatistics& s, const std::vector<float>& x, std::size_t images,
                       std::size_t pixels) {
  EXPECT_EQ(s.images(), static_cast<std::int64_t>(images));
  EXPECT_EQ(s.values(), static_cast<std::int64_t>(images * pixels));
  for (std::size_t unit = 0; unit < s.units(); ++unit) {
    SCOPED_TRACE(unit);
    const Expected e = expected_of(x, images, pixels, s.units(), unit);
    EXPECT_EQ(s.zeros(unit), e.zeros);
    EXPECT_EQ(s.not_finite(unit), e.not_finite);
    EXPECT_EQ(s.active(unit), e.active);
    EXPECT_EQ(s.minimum(unit), e.minimum);
    EXPECT_EQ(s.maximum(unit), e.maximum);
    // 32 roundings of a float each, of terms no larger than the largest magnitude (see the header).
    const double largest =
        std::max(std::abs(static_cast<double>(e.minimum)), std::abs(static_cast<double>(e.maximum)));
    EXPECT_NEAR(s.mean(unit), e.mean, 2e-6 * largest);
    EXPECT_NEAR(s.mean_magnitude(unit), e.magnitude, 2e-6 * largest);
    EXPECT_NEAR(s.variance(unit), e.variance, 2e-6 * largest * largest);
  }
}

// About `offset`; four in ten are 0, the last unit's all.
std::vector<float> values_of(std::size_t images, std::size_t pixels, std::size_t units, float offset) {
  RandomStream random(units * 1000 + pixels, RandomPurpose::test);
  std::vector<float> x(images * pixels * units);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float value = offset + random.normal();
    x[i] = random.below(10) < 4 || (units > 1 && i % units == units - 1) ? 0.0F : value;
  }
  return x;
}

template <class Test>
void over_shapes(Test&& test) {
  for_each_target([&] {
    for (const std::size_t units : {1, 3, 6, 10, 15, 16, 20, 31, 32, 33, 48, 70}) {
      for (const std::size_t pixels : {1, 2, 7, 16, 49, 100}) {
        SCOPED_TRACE(testing::Message() << units << " units, " << pixels << " pixels");
        test(units, pixels);
      }
    }
  });
}

TEST(UnitStatistics, CountsAsTheDefinitionsSay) {
  over_shapes([](std::size_t units, std::size_t pixels) {
    for (const std::size_t images : {1, 5}) {
      const std::vector<float> x = values_of(images, pixels, units, 0);
      for (const Edge edge : {Edge::back, Edge::front}) {
        const Guarded<float> guarded(x, edge);
        UnitStatistics statistics(units);
        statistics.add(guarded.data(), images, pixels);
        expect_statistics(statistics, x, images, pixels);
      }
    }
  });
}

TEST(UnitStatistics, AddsUpPartsAndJoinsThem) {
  over_shapes([](std::size_t units, std::size_t pixels) {
    constexpr std::size_t images = 7;
    const std::vector<float> x = values_of(images, pixels, units, 3);
    const std::size_t image = pixels * units;
    UnitStatistics one(units);
    UnitStatistics other(units);
    one.add(x.data(), 2, pixels);
    one.add(x.data() + 2 * image, 1, pixels);
    other.add(x.data() + 3 * image, 4, pixels);
    one.join(other);
    one.join(UnitStatistics(units));
    expect_statistics(one, x, images, pixels);
    UnitStatistics none(units);
    none.join(one);
    expect_statistics(none, x, images, pixels);
  });
}

TEST(UnitStatistics, LeavesOutWhatIsNotFinite) {
  over_shapes([](std::size_t units, std::size_t pixels) {
    constexpr std::size_t images = 4;
    std::vector<float> x = values_of(images, pixels, units, 0);
    const float inf = std::numeric_limits<float>::infinity();
    const float strange[] = {std::numeric_limits<float>::quiet_NaN(), inf, -inf};
    for (std::size_t i = 0; i < x.size(); i += 13) x[i] = strange[i % 3];
    for (std::size_t i = 0; i < x.size(); i += units) x[i] = inf;  // all of the first unit
    UnitStatistics statistics(units);
    statistics.add(x.data(), images, pixels);
    expect_statistics(statistics, x, images, pixels);
  });
}

// Far from 0, where sums of squares would cancel: 2^-24 of the distance from 0, squared, is all that the
// values themselves are uncertain by.
TEST(UnitStatistics, KeepsSmallVariancesOfLargeValues) {
  constexpr std::size_t units = 20;
  constexpr std::size_t pixels = 100;
  for_each_target([] {
    RandomStream random(1, RandomPurpose::test);
    std::vector<float> x(10 * pixels * units);
    for (float& value : x) value = 1000 + random.normal();
    UnitStatistics statistics(units);
    statistics.add(x.data(), 10, pixels);
    for (std::size_t unit = 0; unit < units; ++unit)
      EXPECT_NEAR(statistics.variance(unit), expected_of(x, 10, pixels, units, unit).variance, 1e-5);
  });
}

TEST(UnitStatistics, IsTheSameOnAnyNumberOfThreads) {
  const std::vector<float> x = values_of(64, 100, 70, 1);
  for (const int threads : {1, 2, 3}) {
    const ThreadScope scope(threads);
    UnitStatistics statistics(70);
    statistics.add(x.data(), 64, 100);
    expect_statistics(statistics, x, 64, 100);
  }
}

}  // namespace
}  // namespace halfwave::kernel
