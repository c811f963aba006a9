// Dropout: which values go, what the others become, what it depends on and what not.
#include <gtest/gtest.h>

#include <cmath>

#include "halfwave/base/parallel.h"
#include "halfwave/net/plan.h"

namespace halfwave {
namespace {

Net dropout_net(const std::string& layers) {
  return Net(parse_net("input = [10, 10, 20]\nlayers = [" + layers + "]", "test"));
}

constexpr std::size_t size = 2000;
constexpr std::int64_t dropout_batch = 8;

// The outputs for inputs of 1.
std::vector<float> run(const Net& net, const StepContext& context) {
  const std::vector<float> x(size * dropout_batch, 1.0F);
  Plan plan(net, {.batch = dropout_batch, .training = true});
  const float* y = plan.forward(x.data(), dropout_batch, context);
  return {y, y + x.size()};
}

TEST(Dropout, DropsTheShareAndScalesTheRest) {
  for (const double p : {0.0, 0.1, 0.5, 0.9}) {
    const Net net = dropout_net("{ dropout = " + std::to_string(p) + " }");
    const std::vector<float> y = run(net, {.running = {}, .seed = 1, .step = 2});
    std::size_t dropped = 0;
    for (const float value : y) {
      if (value == 0) {
        ++dropped;
      } else {
        // 1 - p and its reciprocal round once each, p itself once.
        ASSERT_NEAR(value, 1 / (1 - p), 4 * 0x1p-24 / (1 - p) / (1 - p));
      }
    }
    const auto count = static_cast<double>(y.size());
    const double deviation = std::sqrt(p * (1 - p) / count);
    EXPECT_LE(std::abs(static_cast<double>(dropped) / count - p), 5 * deviation) << p;
  }
}

TEST(Dropout, GivesItsMaskToBackward) {
  const Net net = dropout_net("{ dropout = 0.3 }");
  const std::vector<float> x(size * dropout_batch, 1.0F);
  Plan plan(net, {.batch = dropout_batch, .training = true, .input_gradient = true});
  const float* const out = plan.forward(x.data(), dropout_batch, {.running = {}, .seed = 3, .step = 4});
  const std::vector<float> y(out, out + x.size());
  std::fill_n(plan.output_gradient(), x.size(), 1.0F);
  plan.backward(nullptr);
  for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(plan.input_gradient()[i], y[i]) << i;
}

TEST(Dropout, DependsOnSeedStepLayerAndImageAlone) {
  const Net net = dropout_net("{ dropout = 0.5 }");
  const auto base = run(net, {.running = {}, .seed = 1, .step = 2});
  EXPECT_EQ(run(net, {.running = {}, .seed = 1, .step = 2}), base);
  EXPECT_NE(run(net, {.running = {}, .seed = 2, .step = 2}), base);
  EXPECT_NE(run(net, {.running = {}, .seed = 1, .step = 3}), base);
  EXPECT_NE(run(dropout_net("'flatten', { dropout = 0.5 }"), {.running = {}, .seed = 1, .step = 2}), base);
  for (std::int64_t image = 1; image < dropout_batch; ++image) {
    EXPECT_FALSE(std::equal(base.begin(), base.begin() + size,
                            base.begin() + image * static_cast<std::int64_t>(size)));
  }
  const int before = thread_count();
  for (const int threads : {1, 2, 3}) {
    set_thread_count(threads);
    EXPECT_EQ(run(net, {.running = {}, .seed = 1, .step = 2}), base) << threads;
  }
  set_thread_count(before);
}

// Two of them in one net do not drop the same places: of what the first keeps, half is left.
TEST(Dropout, IsIndependentInEachLayer) {
  const std::vector<float> y =
      run(dropout_net("{ dropout = 0.5 }, { dropout = 0.5 }"), {.running = {}, .seed = 1, .step = 2});
  const auto left =
      static_cast<double>(std::count_if(y.begin(), y.end(), [](float value) { return value != 0; }));
  const auto count = static_cast<double>(y.size());
  EXPECT_NEAR(left / count, 0.25, 5 * std::sqrt(0.25 * 0.75 / count));
}

// A view of its input: nothing is copied, not even the caller's images.
TEST(Dropout, DoesNothingInInference) {
  const Net net = dropout_net("{ dropout = 0.9 }");
  const std::vector<float> x(size * dropout_batch, 1.5F);
  Plan plan(net, {.batch = dropout_batch});
  EXPECT_EQ(plan.forward(x.data(), dropout_batch), x.data());
  EXPECT_EQ(plan.arena_bytes(), 0U);
}

}  // namespace
}  // namespace halfwave
