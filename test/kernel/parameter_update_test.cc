// Optimisers' steps against their formulas in float, bit by bit, on every instruction set.
#include "halfwave/kernel/parameter_update.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernel_testing.h"

namespace halfwave::kernel {
namespace {

// Each a value: parameter, gradient, and what is kept of both.
struct Parameter {
  float w, g, first, second;
};

// A whole number of vectors, less, more, and enough for two threads.
const std::vector<std::size_t> parameter_counts{1, 3, 16, 23, 64, 2 * parallel_grain + 5};

template <class Update>
void run_update(const Update& update, std::size_t count, float* w, float* g, float* first, float* second) {
  update.run(count, w, g, first, second);
}
void run_update(const SgdUpdate& update, std::size_t count, float* w, float* g, float* first, float*) {
  update.run(count, w, g, first);
}

template <class Update, class Formula>
void expect_formula(const Update& update, const Formula& formula) {
  for (const std::size_t count : parameter_counts) {
    SCOPED_TRACE(count);
    RandomStream random = random_of(count);
    std::vector<float> start[4];
    for (auto& values : start) values = normal_values(random, count);
    for (float& square : start[3]) square = std::abs(square);
    const Edge edge = count % 2 == 0 ? Edge::back : Edge::front;
    for_each_target([&] {
      Guarded<float> w(start[0], edge);
      Guarded<float> g(start[1], edge);
      Guarded<float> first(start[2], edge);
      Guarded<float> second(start[3], edge);
      run_update(update, count, w.data(), g.data(), first.data(), second.data());
      for (std::size_t i = 0; i < count; ++i) {
        Parameter p{start[0][i], start[1][i], start[2][i], start[3][i]};
        formula(p);
        ASSERT_EQ(w[i], p.w) << i;
        ASSERT_EQ(g[i], 0) << i;
        ASSERT_EQ(first[i], p.first) << i;
        ASSERT_EQ(second[i], p.second) << i;
      }
    });
  }
}

TEST(ParameterUpdate, Sgd) {
  for (const bool nesterov : {false, true}) {
    const SgdUpdate u{.rate = 0.1F, .decay = 0.01F, .momentum = 0.9F, .nesterov = nesterov};
    expect_formula(u, [&](Parameter& p) {
      const float gradient = p.g + u.decay * p.w;
      p.first = u.momentum * p.first + gradient;
      p.w -= u.rate * (nesterov ? gradient + u.momentum * p.first : p.first);
    });
  }
}

TEST(ParameterUpdate, Adam) {
  for (const bool decoupled : {false, true}) {
    const AdamUpdate u{.rate = 0.1F,
                       .decay = 0.01F,
                       .beta1 = 0.9F,
                       .beta2 = 0.99F,
                       .epsilon = 1e-3F,
                       .scale1 = 2,
                       .scale2 = 3,
                       .decoupled = decoupled};
    expect_formula(u, [&](Parameter& p) {
      const float gradient = decoupled ? p.g : p.g + u.decay * p.w;
      p.first = u.beta1 * p.first + (1 - u.beta1) * gradient;
      p.second = u.beta2 * p.second + (1 - u.beta2) * gradient * gradient;
      const float way = u.rate * u.scale1 * p.first / (std::sqrt(p.second) * u.scale2 + u.epsilon);
      p.w -= decoupled ? u.rate * (u.decay * p.w) + way : way;
    });
  }
}

TEST(ParameterUpdate, Rmsprop) {
  const RmspropUpdate u{.rate = 0.1F, .decay = 0.01F, .alpha = 0.95F, .momentum = 0.9F, .epsilon = 1e-3F};
  expect_formula(u, [&](Parameter& p) {
    const float gradient = p.g + u.decay * p.w;
    p.second = u.alpha * p.second + (1 - u.alpha) * gradient * gradient;
    p.first = u.momentum * p.first + gradient / (std::sqrt(p.second) + u.epsilon);
    p.w -= u.rate * p.first;
  });
}

}  // namespace
}  // namespace halfwave::kernel
