// Local response norm against its formula in double: y = x s^-beta, s = k + alpha / window * sum of x^2 over
// window / 2 channels below to (window - 1) / 2 above; and its gradient against differences of that formula.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "halfwave/kernel/normalisation.h"
#include "kernel_testing.h"

namespace halfwave::kernel {
namespace {

std::vector<double> formula(const std::vector<double>& x, std::size_t channels,
                            const ResponseNormOptions& o) {
  std::vector<double> y(x.size());
  const auto count = static_cast<std::int64_t>(channels);
  for (std::size_t row = 0; row < x.size(); row += channels) {
    for (std::int64_t c = 0; c < count; ++c) {
      double sum = 0;
      for (std::int64_t j = std::max<std::int64_t>(c - o.window / 2, 0);
           j <= std::min(count - 1, c + (o.window - 1) / 2); ++j) {
        sum += std::pow(x[row + static_cast<std::size_t>(j)], 2);
      }
      const double s =
          static_cast<double>(o.k) + static_cast<double>(o.alpha) / static_cast<double>(o.window) * sum;
      y[row + static_cast<std::size_t>(c)] =
          x[row + static_cast<std::size_t>(c)] * std::pow(s, -static_cast<double>(o.beta));
    }
  }
  return y;
}

struct ResponseCase {
  std::size_t rows, channels;
  ResponseNormOptions options;
};

const std::vector<ResponseCase>& response_cases() {
  static const std::vector<ResponseCase> all = [] {
    std::vector<ResponseCase> list;
    const std::vector<ResponseNormOptions> options{{5, 1e-4F, 0.75F, 1.0F}, {5, 5e-4F, 0.75F, 2.0F},
                                                   {1, 1.0F, 0.5F, 1.0F},   {2, 0.7F, 0.75F, 1.5F},
                                                   {4, 2.0F, 1.25F, 0.5F},  {9, 0.3F, 0.0F, 1.0F}};
    for (const std::size_t channels : {1U, 2U, 3U, 5U, 8U, 17U, 32U, 70U}) {
      for (const ResponseNormOptions& each : options) list.push_back({7, channels, each});
    }
    list.push_back({900, 8, options[1]});  // several threads' parts
    return list;
  }();
  return all;
}

template <class Test>
void over_response_cases(Test&& test) {
  for (const ResponseCase& c : response_cases()) {
    SCOPED_TRACE(fmt::format("{} rows of {} channels, window {}, alpha {}, beta {}, k {}", c.rows, c.channels,
                             c.options.window, c.options.alpha, c.options.beta, c.options.k));
    for (const int threads : {1, 2}) {
      const ThreadScope scope(threads);
      test(c);
    }
    for_each_target([&] { test(c); });
  }
}

// Roundings of s: window squares and sums, a factor, k: relative at most window + 4, as all terms are
// positive; the power makes beta of them of it, and roots, reciprocal or pow (within 2 units) and a product
// add 8.
double relative_bound(const ResponseNormOptions& o) {
  return rounding * ((static_cast<double>(o.window) + 4) * static_cast<double>(o.beta) + 8);
}

TEST(ResponseNorm, AgreesWithTheFormula) {
  over_response_cases([](const ResponseCase& c) {
    RandomStream random = random_of(c.channels);
    const Edge edge = c.channels % 2 == 0 ? Edge::back : Edge::front;
    const Guarded<float> x(normal_values(random, c.rows * c.channels), edge);
    Guarded<float> y(x.size(), edge);
    Workspace workspace;
    response_norm_forward(c.rows, c.channels, c.options, x.data(), y.data(), workspace);
    const std::vector<float> values = x.values();
    const std::vector<double> expected = formula({values.begin(), values.end()}, c.channels, c.options);
    for (std::size_t i = 0; i < y.size(); ++i) {
      ASSERT_NEAR(y[i], expected[i], relative_bound(c.options) * std::abs(expected[i])) << i;
    }
  });
}

// dx against (f(x + h) - f(x - h)) / 2h of f = dot(y, dy) in double. With h = 2^-16 the difference is exact
// to h^2 / 6 times the third derivative (far below 1e3 here: 4e-8) and 2^-52 / h (2e-11); what is left is the
// float rounding of the kernel: each of its at most window + 1 parts is off by twice the forward bound and
// the window's sum by window roundings.
TEST(ResponseNorm, HasTheGradientOfTheFormula) {
  over_response_cases([](const ResponseCase& c) {
    if (c.rows > 100) return;
    RandomStream random = random_of(50 + c.channels);
    const Edge edge = c.channels % 2 == 0 ? Edge::front : Edge::back;
    const Guarded<float> x(normal_values(random, c.rows * c.channels), edge);
    const Guarded<float> dy(normal_values(random, c.rows * c.channels), edge);
    Guarded<float> dx(x.size(), edge);
    Workspace workspace;
    response_norm_backward(c.rows, c.channels, c.options, x.data(), dy.data(), dx.data(), workspace);
    const std::size_t channels = c.channels;
    const auto dot = [&](const std::vector<double>& row, std::size_t first) {
      const std::vector<double> y = formula(row, channels, c.options);
      double sum = 0;
      for (std::size_t i = 0; i < channels; ++i) sum += y[i] * static_cast<double>(dy.data()[first + i]);
      return sum;
    };
    constexpr double h = 0x1p-16;
    for (std::size_t i = 0; i < dx.size(); ++i) {
      const std::size_t first = i / channels * channels;
      std::vector<double> row(x.data() + first, x.data() + first + channels);
      double magnitude = 0;  // of the parts of dx
      for (std::size_t j = 0; j < channels; ++j) {
        magnitude +=
            std::abs(static_cast<double>(dy.data()[first + j])) * (1 + std::abs(row[j] * row[i - first]));
      }
      const double power =
          std::max(1.0, std::pow(static_cast<double>(c.options.k), -static_cast<double>(c.options.beta) - 1));
      const double scale = power * (1 + 2 * static_cast<double>(c.options.alpha * c.options.beta));
      row[i - first] += h;
      const double above = dot(row, first);
      row[i - first] -= 2 * h;
      const double below = dot(row, first);
      const double bound =
          (2 * relative_bound(c.options) + static_cast<double>(c.options.window) * rounding) * magnitude *
          scale;
      ASSERT_NEAR(dx[i], (above - below) / (2 * h), bound + 1e-7) << i;
    }
  });
}

}  // namespace
}  // namespace halfwave::kernel
