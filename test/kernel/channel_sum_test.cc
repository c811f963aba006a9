// Sums over rows against long double, and over 10^8 values.
#include "halfwave/kernel/channel_sum.h"

#include <sys/mman.h>
#include <unistd.h>

#include "extent_testing.h"
#include "halfwave/kernel/pool.h"

namespace halfwave::kernel {
namespace {

// Without a slope, nothing is written to dy.
void add_channel_sums(std::size_t rows, std::size_t channels, const float* x, float* sum,
                      Workspace& workspace) {
  bias_gradient(rows, channels, const_cast<float*>(x), {}, sum, workspace);
}
void gradient_sums(std::size_t rows, std::size_t channels, const float* x, const float* dy, const float* mean,
                   double* sum_dy, double* sum_dy_x, Workspace& workspace) {
  channel_gradient_sums(rows, channels, x, const_cast<float*>(dy), {}, mean, sum_dy, sum_dy_x, workspace);
}

// Each term rounds a sum in double once, and so does each chunk and thread.
double double_rounding(const Extent& e) { return (static_cast<double>(e.rows) + 10) * 0x1p-53; }

TEST(ChannelSum, AddsEachChannel) {
  over_extents([](const Extent& e, Edge edge) {
    RandomStream random = random_of(e.channels);
    const Guarded<float> x(normal_values(random, e.rows * e.channels), edge);
    const std::vector<float> start = normal_values(random, e.channels);
    Guarded<float> sum(start, edge);
    Workspace workspace;
    add_channel_sums(e.rows, e.channels, x.data(), sum.data(), workspace);
    for (std::size_t c = 0; c < e.channels; ++c) {
      long double exact = 0;
      double magnitude = 0;
      for (std::size_t i = c; i < x.size(); i += e.channels) {
        exact += static_cast<long double>(x.data()[i]);
        magnitude += std::abs(static_cast<double>(x.data()[i]));
      }
      const auto total = static_cast<double>(exact);
      // Rounded to float, and once more when added to what is there.
      const double bound =
          double_rounding(e) * magnitude +
          rounding * (std::abs(total) + std::abs(total + static_cast<double>(start[c]))) * 1.001;
      ASSERT_NEAR(sum[c], total + static_cast<double>(start[c]), bound) << c;
    }
  });
}

// Values about `offset` with deviation 1. In a chunk they are counted from one of them, which is a few
// deviations from the mean; the squares so taken are some ten times the variance at most. The means of the
// chunks, which lie less than 1 apart, round when they are joined: to 2^-53 of the offset, on either side.
void expect_statistics(const Extent& e, Edge edge, float offset) {
  RandomStream random = random_of(e.channels);
  std::vector<float> values = normal_values(random, e.rows * e.channels);
  for (float& value : values) value += offset;
  const Guarded<float> x(values, edge);
  Guarded<double> mean(e.channels, edge);
  Guarded<double> variance(e.channels, edge);
  Workspace workspace;
  channel_statistics(e.rows, e.channels, x.data(), mean.data(), variance.data(), workspace);
  const auto n = static_cast<long double>(e.rows);
  for (std::size_t c = 0; c < e.channels; ++c) {
    long double sum = 0;
    for (std::size_t r = 0; r < e.rows; ++r) sum += static_cast<long double>(values[r * e.channels + c]);
    const long double exact_mean = sum / n;
    long double squares = 0;
    for (std::size_t r = 0; r < e.rows; ++r) {
      squares += std::pow(static_cast<long double>(values[r * e.channels + c]) - exact_mean, 2);
    }
    const auto exact = static_cast<double>(squares / n);
    const double mean_bound = double_rounding(e) * (std::abs(static_cast<double>(offset)) + 5);
    ASSERT_NEAR(mean[c], static_cast<double>(exact_mean), mean_bound) << "mean of channel " << c;
    const double joins =
        4 + static_cast<double>(e.rows) / std::max(4096.0 / static_cast<double>(e.channels), 8.0);
    const double joined = 4 * joins * 0x1p-53 * (std::abs(static_cast<double>(offset)) + 5);
    ASSERT_NEAR(variance[c], exact, 20 * double_rounding(e) * exact + joined) << "variance of channel " << c;
  }
}

TEST(ChannelSum, TakesTheStatisticsOfEachChannel) {
  over_extents([](const Extent& e, Edge edge) { expect_statistics(e, edge, 0.5F); });
}

// A variance from the sum of squares would be all rounding here.
TEST(ChannelSum, TakesTheStatisticsOfLargeOffsets) {
  over_extents([](const Extent& e, Edge edge) { expect_statistics(e, edge, 1e4F); });
  over_extents([](const Extent& e, Edge edge) { expect_statistics(e, edge, -3e6F); });
}

// The value from which a chunk counts may be its farthest: a first row of 1e6 among ones about 0.
TEST(ChannelSum, IsNotMisledByTheFirstValue) {
  const std::size_t rows = 9000;
  RandomStream random = random_of(4);
  std::vector<float> x = normal_values(random, rows);
  x[0] = 1e6F;
  long double sum = 0;
  for (const float value : x) sum += static_cast<long double>(value);
  long double squares = 0;
  for (const float value : x) squares += std::pow(static_cast<long double>(value) - sum / rows, 2);
  for_each_target([&] {
    double mean = 0;
    double variance = 0;
    Workspace workspace;
    channel_statistics(rows, 1, x.data(), &mean, &variance, workspace);
    EXPECT_NEAR(mean, static_cast<double>(sum / rows), 1e-13 * 1e6);
    EXPECT_NEAR(variance, static_cast<double>(squares / rows), 1e-11 * static_cast<double>(squares / rows));
  });
}

TEST(ChannelSum, GivesNoVarianceToAConstant) {
  const std::vector<float> x(300, 0.1F);
  double mean[3];
  double variance[3];
  Workspace workspace;
  channel_statistics(100, 3, x.data(), mean, variance, workspace);
  for (int c = 0; c < 3; ++c) {
    EXPECT_EQ(mean[c], static_cast<double>(0.1F));
    EXPECT_EQ(variance[c], 0);
  }
}

TEST(ChannelSum, KeepsNaNToItsChannel) {
  std::vector<float> x(100 * 20, 1);
  x[50 * 20 + 17] = not_a_number;
  for_each_target([&] {
    std::vector<double> mean(20);
    std::vector<double> variance(20);
    std::vector<float> sum(20);
    Workspace workspace;
    channel_statistics(100, 20, x.data(), mean.data(), variance.data(), workspace);
    add_channel_sums(100, 20, x.data(), sum.data(), workspace);
    for (std::size_t c = 0; c < 20; ++c) {
      EXPECT_EQ(std::isnan(mean[c]), c == 17);
      EXPECT_EQ(std::isnan(variance[c]), c == 17);
      EXPECT_EQ(std::isnan(sum[c]), c == 17);
    }
  });
}

TEST(ChannelSum, SumsGradientsOfEachChannel) {
  over_extents([](const Extent& e, Edge edge) {
    RandomStream random = random_of(100 + e.channels);
    const Guarded<float> x(normal_values(random, e.rows * e.channels), edge);
    const Guarded<float> dy(normal_values(random, e.rows * e.channels), edge);
    const Guarded<float> mean(normal_values(random, e.channels), edge);
    Guarded<double> sum(e.channels, edge);
    Guarded<double> sum_x(e.channels, edge);
    Workspace workspace;
    gradient_sums(e.rows, e.channels, x.data(), dy.data(), mean.data(), sum.data(), sum_x.data(), workspace);
    for (std::size_t c = 0; c < e.channels; ++c) {
      double one = 0;
      double two = 0;
      double one_magnitude = 0;
      double two_magnitude = 0;
      for (std::size_t i = c; i < x.size(); i += e.channels) {
        const auto g = static_cast<double>(dy.data()[i]);
        const double product = g * (static_cast<double>(x.data()[i]) - static_cast<double>(mean.data()[c]));
        one += g;
        two += product;
        one_magnitude += std::abs(g);
        two_magnitude += std::abs(product);
      }
      // Eight rows in float: eight additions, a difference and a product.
      ASSERT_NEAR(sum[c], one, (8 * rounding + 2 * double_rounding(e)) * one_magnitude) << c;
      ASSERT_NEAR(sum_x[c], two, (10 * rounding + 2 * double_rounding(e)) * two_magnitude) << c;
    }
  });
}

TEST(ChannelSum, GivesTheSameBitsAtEveryAddress) {
  RandomStream random = random_of(9);
  const std::size_t rows = 500;
  for (const std::size_t channels : {1U, 3U, 16U, 33U}) {
    const std::vector<float> values = normal_values(random, rows * channels);
    std::vector<double> first;
    for (std::size_t shift = 0; shift < 5; ++shift) {
      std::vector<float> room(values.size() + shift);
      std::copy(values.begin(), values.end(), room.begin() + static_cast<std::ptrdiff_t>(shift));
      std::vector<double> result(2 * channels);
      Workspace workspace;
      channel_statistics(rows, channels, room.data() + shift, result.data(), result.data() + channels,
                         workspace);
      if (shift == 0) first = result;
      EXPECT_EQ(result, first) << channels << " channels, shifted by " << shift;
    }
  }
}

// More than 10^8 values in 4 MiB of memory: the same ones again and again.
class Repeated {
 public:
  static constexpr std::size_t length = std::size_t{1} << 20;
  static constexpr std::size_t times = 100;

  explicit Repeated(const std::vector<float>& values) {
    const int file = ::memfd_create("values", 0);
    const std::size_t bytes = length * sizeof(float);
    if (file < 0 || ::ftruncate(file, static_cast<::off_t>(bytes)) != 0) std::abort();
    base_ = static_cast<std::byte*>(
        ::mmap(nullptr, times * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (base_ == MAP_FAILED) std::abort();
    for (std::size_t i = 0; i < times; ++i) {
      void* at = ::mmap(base_ + i * bytes, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
      if (at == MAP_FAILED) std::abort();
    }
    ::close(file);
    std::copy(values.begin(), values.end(), reinterpret_cast<float*>(base_));
  }
  Repeated(const Repeated&) = delete;
  Repeated& operator=(const Repeated&) = delete;
  ~Repeated() { ::munmap(base_, times * length * sizeof(float)); }

  const float* data() const { return reinterpret_cast<const float*>(base_); }

 private:
  std::byte* base_;
};

// The mean of 10^8 values is right to 1e-6 of the mean of their magnitudes: where all are the same number,
// which rounds one way again and again, and where large ones cancel.
TEST(ChannelSum, HundredMillionValuesAreRightToAMillionth) {
  std::vector<float> constant(Repeated::length, 0.1F);
  std::vector<float> cancelling(Repeated::length);
  RandomStream random = random_of(8);
  for (std::size_t i = 0; i < cancelling.size(); ++i) {
    cancelling[i] = i % 3 == 0 ? 1000 * random.normal() : 0.1F;
  }
  const auto n = static_cast<double>(Repeated::length * Repeated::times);
  for (const std::vector<float>& values : {constant, cancelling}) {
    long double sum = 0;
    long double magnitudes = 0;
    for (const float value : values) {
      sum += static_cast<long double>(value);
      magnitudes += std::abs(static_cast<long double>(value));
    }
    const auto exact = static_cast<double>(sum / Repeated::length);
    const double bound = 1e-6 * static_cast<double>(magnitudes / Repeated::length);
    const Repeated x(values);
    Workspace workspace;

    float total = 0;
    add_channel_sums(Repeated::length * Repeated::times, 1, x.data(), &total, workspace);
    EXPECT_NEAR(static_cast<double>(total) / n, exact, bound);

    double mean = 0;
    double variance = 0;
    channel_statistics(Repeated::length * Repeated::times, 1, x.data(), &mean, &variance, workspace);
    EXPECT_NEAR(mean, exact, bound);

    const float zero = 0;
    double sum_dy = 0;
    double sum_dy_x = 0;
    gradient_sums(Repeated::length * Repeated::times, 1, x.data(), x.data(), &zero, &sum_dy, &sum_dy_x,
                  workspace);
    EXPECT_NEAR(sum_dy / n, exact, bound);
    EXPECT_NEAR(sum_dy_x / n, variance + exact * exact, 1e-6 * (variance + exact * exact));

    const PoolSize image{.input_height = 1024 * Repeated::times,
                         .input_width = 1024,
                         .channels = 1,
                         .output_height = 1,
                         .output_width = 1,
                         .kernel_height = 1024 * Repeated::times,
                         .kernel_width = 1024,
                         .stride_height = 1,
                         .stride_width = 1};
    float average = 0;
    average_pool_forward(image, 1, true, x.data(), &average);
    EXPECT_NEAR(average, exact, bound);
  }
}

}  // namespace
}  // namespace halfwave::kernel
