// The products of a linear layer against double. Bounds: a float sum of k products in any order is within
// (k + 1) 2^-24 of the sum of their magnitudes; a bias or what was there before adds a term.
#include "halfwave/kernel/product.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "kernel_testing.h"

namespace halfwave::kernel {
namespace {

void forward(const ProductSize& size, std::int64_t n, const float* x, const float* w, const float* b,
             float* y, const Epilogue& epilogue, bool training, KernelChoice kernels) {
  ProductForward product(size, training, kernels);
  Workspace workspace;
  product.load(w, b);
  product.run(n, x, y, epilogue, workspace);
}

// Every way forward: calls test(training, kernels).
template <class Test>
void over_ways(Test&& test) {
  for (const bool training : {false, true}) {
    for (const KernelChoice kernels : {KernelChoice::dense, KernelChoice::sparse}) {
      SCOPED_TRACE(fmt::format("training {}, kernels {}", training, static_cast<int>(kernels)));
      test(training, kernels);
    }
  }
}

// Half of them 0, of either sign.
std::vector<float> values_with_zeros(RandomStream& random, std::size_t count) {
  std::vector<float> values = normal_values(random, count);
  for (float& value : values) {
    if (random.below(2) == 0) value = random.below(2) == 0 ? 0.0F : -0.0F;
  }
  return values;
}

struct Case {
  std::int64_t n, inputs, outputs;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = [] {
    std::vector<Case> list;
    for (const std::int64_t n : {1, 2, 3, 4, 5, 64}) {
      for (const auto& [inputs, outputs] : std::vector<std::pair<std::int64_t, std::int64_t>>{
               {1, 1}, {7, 3}, {16, 10}, {33, 17}, {120, 84}, {200, 33}, {3, 130}}) {
        list.push_back({n, inputs, outputs});
      }
    }
    list.push_back({70, 300, 140});  // more rows and inputs than are worked on together
    list.push_back({70, 700, 150});  // whose inputs threads share out
    list.push_back({1, 9000, 12});   // several threads' parts
    list.push_back({2, 9001, 12});
    return list;
  }();
  return all;
}

template <class Test>
void over_cases(Test&& test) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(fmt::format("{} rows, {} to {}", c.n, c.inputs, c.outputs));
    const Edge edge = c.n % 2 == 0 ? Edge::back : Edge::front;
    for (const int threads : {1, 2}) {
      const ThreadScope scope(threads);
      test(c, edge);
    }
    for_each_target([&] { test(c, edge); });
  }
}

std::size_t area(std::int64_t a, std::int64_t b) { return static_cast<std::size_t>(a * b); }

// The sum over k of a(i, k) b(k, j) and of its magnitude.
struct Product {
  template <class A, class B>
  Product(std::size_t rows, std::size_t columns, std::size_t terms, const A& a, const B& b)
      : value(rows * columns), bound(rows * columns) {
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        double magnitude = 0;
        for (std::size_t k = 0; k < terms; ++k) {
          const double product = static_cast<double>(a(i, k)) * static_cast<double>(b(k, j));
          value[i * columns + j] += product;
          magnitude += std::abs(product);
        }
        bound[i * columns + j] = magnitude * (static_cast<double>(terms) + 2) * rounding;
      }
    }
  }
  // On top of what is there; one more term.
  void add(std::size_t i, float start, double terms) {
    value[i] += static_cast<double>(start);
    bound[i] += (std::abs(static_cast<double>(start)) + std::abs(value[i])) * rounding * terms;
  }

  std::vector<double> value, bound;
};

TEST(Product, RunsForward) {
  over_cases([](const Case& c, Edge edge) {
    RandomStream random = random_of(static_cast<std::uint64_t>(c.inputs));
    const Guarded<float> x(values_with_zeros(random, area(c.n, c.inputs)), edge);
    const Guarded<float> w(normal_values(random, area(c.outputs, c.inputs)), edge);
    const Guarded<float> b(normal_values(random, area(c.outputs, 1)), edge);
    const auto inputs = static_cast<std::size_t>(c.inputs);
    const auto outputs = static_cast<std::size_t>(c.outputs);
    const Product expected(
        static_cast<std::size_t>(c.n), outputs, inputs,
        [&](std::size_t i, std::size_t k) { return x.data()[i * inputs + k]; },
        [&](std::size_t k, std::size_t j) { return w.data()[j * inputs + k]; });
    Product with_bias = expected;
    for (std::size_t i = 0; i < with_bias.value.size(); ++i) with_bias.add(i, b.data()[i % outputs], 2);
    over_ways([&](bool training, KernelChoice kernels) {
      const auto run = [&](const float* bias, const Epilogue& epilogue) {
        Guarded<float> y(area(c.n, c.outputs), edge);
        forward({c.inputs, c.outputs}, c.n, x.data(), w.data(), bias, y.data(), epilogue, training, kernels);
        return y.values();
      };
      expect_within(run(nullptr, {}), expected.value, expected.bound, "y without bias");
      const std::vector<float> biased = run(b.data(), {});
      expect_within(biased, with_bias.value, with_bias.bound, "y");
      const std::vector<float> counted = run(b.data(), counting_epilogue());
      for (std::size_t i = 0; i < counted.size(); ++i) ASSERT_EQ(counted[i], biased[i] + epilogue_step) << i;
    });
  });
}

TEST(Product, RunsBackward) {
  over_cases([](const Case& c, Edge edge) {
    RandomStream random = random_of(100 + static_cast<std::uint64_t>(c.inputs));
    const Guarded<float> x(normal_values(random, area(c.n, c.inputs)), edge);
    const Guarded<float> w(normal_values(random, area(c.outputs, c.inputs)), edge);
    const Guarded<float> dy(values_with_zeros(random, area(c.n, c.outputs)), edge);
    const std::vector<float> start = normal_values(random, w.size());
    const auto n = static_cast<std::size_t>(c.n);
    const auto inputs = static_cast<std::size_t>(c.inputs);
    const auto outputs = static_cast<std::size_t>(c.outputs);
    const auto gradient = [&](std::size_t row, std::size_t o) { return dy.data()[row * outputs + o]; };

    Guarded<float> dx(x.size(), edge);
    product_backward_data({c.inputs, c.outputs}, c.n, dy.data(), w.data(), dx.data());
    const Product data(n, inputs, outputs, gradient,
                       [&](std::size_t o, std::size_t i) { return w.data()[o * inputs + i]; });
    expect_within(dx.values(), data.value, data.bound, "dx");

    Guarded<float> dw(start, edge);
    product_backward_weights({c.inputs, c.outputs}, c.n, x.data(), dy.data(), dw.data());
    Product weights(
        outputs, inputs, n, [&](std::size_t o, std::size_t row) { return gradient(row, o); },
        [&](std::size_t row, std::size_t i) { return x.data()[row * inputs + i]; });
    for (std::size_t i = 0; i < start.size(); ++i) weights.add(i, start[i], static_cast<double>(n) + 2);
    expect_within(dw.values(), weights.value, weights.bound, "dw");

    Workspace workspace;
    Guarded<float> skipped(std::vector<float>(x.size(), 1), edge);  // overwritten
    sparse_product_backward_data({c.inputs, c.outputs}, c.n, dy.data(), w.data(), skipped.data(), workspace);
    expect_within(skipped.values(), data.value, data.bound, "dx without zeros");

    Guarded<float> skipping(start, edge);
    sparse_product_backward_weights({c.inputs, c.outputs}, c.n, x.data(), dy.data(), skipping.data(),
                                    workspace);
    expect_within(skipping.values(), weights.value, weights.bound, "dw without zeros");
  });
}

// A NaN or an infinity in x reaches its row, in w its output; nothing else.
TEST(Product, KeepsSpecialValuesToTheirRow) {
  for (const std::int64_t n : {1, 2, 5}) {
    for_each_target([&] {
      const ProductSize size{19, 7};
      RandomStream random = random_of(3);
      std::vector<float> x = normal_values(random, area(n, size.inputs));
      std::vector<float> w = normal_values(random, area(size.outputs, size.inputs));
      x[18] = not_a_number;  // of the first row
      w[19 * 3 + 18] = infinity;
      over_ways([&](bool training, KernelChoice kernels) {
        std::vector<float> y(area(n, size.outputs));
        forward(size, n, x.data(), w.data(), nullptr, y.data(), {}, training, kernels);
        for (std::size_t i = 0; i < y.size(); ++i) {
          EXPECT_EQ(std::isnan(y[i]), i < 7) << i;
          EXPECT_EQ(std::isinf(y[i]), i >= 7 && i % 7 == 3) << i;
        }
      });
    });
  }
}

// Skipping 0 times infinity or NaN must not hide it.
TEST(Product, HidesNothingBehindZeros) {
  const ProductSize size{300, 70};
  for_each_target([&] {
    Workspace workspace;
    std::vector<float> x(area(80, size.inputs), 1);
    const std::vector<float> dy(area(80, size.outputs));
    x[70 * 300 + 299] = infinity;
    x[3 * 300 + 5] = not_a_number;
    std::vector<float> dw(area(size.outputs, size.inputs));
    sparse_product_backward_weights(size, 80, x.data(), dy.data(), dw.data(), workspace);
    for (std::size_t i = 0; i < dw.size(); ++i)
      ASSERT_EQ(std::isnan(dw[i]), i % 300 == 299 || i % 300 == 5) << i;
    std::vector<float> w(area(size.outputs, size.inputs), 1);
    w[69 * 300 + 299] = infinity;
    w[3 * 300 + 5] = not_a_number;
    std::vector<float> dx(area(80, size.inputs), 1);
    sparse_product_backward_data(size, 80, dy.data(), w.data(), dx.data(), workspace);
    for (std::size_t i = 0; i < dx.size(); ++i)
      ASSERT_EQ(std::isnan(dx[i]), i % 300 == 299 || i % 300 == 5) << i;
    const std::vector<float> nothing(x.size());
    over_ways([&](bool training, KernelChoice kernels) {
      std::vector<float> y(dy.size(), 1);
      forward(size, 80, nothing.data(), w.data(), nullptr, y.data(), {}, training, kernels);
      for (std::size_t i = 0; i < y.size(); ++i)
        ASSERT_EQ(std::isnan(y[i]), i % 70 == 69 || i % 70 == 3) << i;
    });
  });
}

TEST(Product, SkipsWhereZerosAreMany) {
  const ProductSize size{9216, 128};
  EXPECT_FALSE(skipping_pays(size, 64, 0));
  EXPECT_TRUE(skipping_pays(size, 64, 0.9));
  EXPECT_FALSE(skipping_pays(size, 2, 0.9));          // a row for each copy of weights is too few
  EXPECT_FALSE(skipping_pays({400, 120}, 64, 1));     // too small
  EXPECT_FALSE(skipping_pays({25088, 4096}, 64, 1));  // memory decides
}

}  // namespace
}  // namespace halfwave::kernel
