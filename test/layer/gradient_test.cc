// The gradients of every layer over a range of shapes: one channel, odd sizes, strides that do not fit,
// batch 1.
#include <gtest/gtest.h>

#include "gradient_check.h"

namespace halfwave {
namespace {

class LayerGradient : public testing::TestWithParam<GradientCheck> {};

TEST_P(LayerGradient, AgreesWithDifferences) { check_gradient(GetParam()); }

const GradientCheck checks[] = {
    {"{ conv = 1 }", {1, 1, 1}, 1},
    {"{ conv = 3, kernel = 3, pad = 1 }", {5, 4, 1}, 1},
    {"{ conv = 5, kernel = 3, stride = 2 }", {6, 7, 3}},
    {"{ conv = 2, kernel = [2, 3], stride = [3, 2], pad = [1, 0] }", {7, 5, 2}},
    {"{ conv = 4, kernel = 5, pad = 3, bias = false }", {3, 3, 2}, 3},
    {"{ conv = 17, kernel = 3 }", {4, 4, 2}},
    {"{ conv = 6, kernel = 3, groups = 3, pad = 1 }", {3, 4, 6}},
    {"{ conv = 4, kernel = 3, groups = 2, dilation = 2 }", {6, 5, 4}},
    {"{ conv = 3, kernel = 2, stride = 3 }", {5, 5, 17}, 1},
    {"{ linear = 1 }", {1, 1, 1}, 1},
    {"{ linear = 7 }", {2, 3, 2}, 3},
    {"{ linear = 20, bias = false }", {1, 1, 9}, 5},
    {"{ max_pool = 2 }", {5, 4, 3}, 2, true},
    {"{ max_pool = 3, stride = 2, pad = 1 }", {6, 5, 2}, 2, true},
    {"{ max_pool = 3, stride = 2, ceil = true }", {6, 4, 1}, 1, true},
    {"{ max_pool = [2, 3], stride = 1 }", {4, 4, 17}, 1, true},
    {"'relu', { max_pool = 2 }", {4, 5, 3}, 2, true},
    {"'relu', { max_pool = 3, stride = 1, pad = 1 }", {3, 4, 2}, 2, true},
    {"{ avg_pool = 2 }", {5, 4, 3}},
    {"{ avg_pool = 3, stride = 2, pad = 1, ceil = true }", {6, 5, 2}},
    {"{ avg_pool = 3, stride = 2, pad = 1, count_pad = false }", {6, 5, 1}, 1},
    {"'global_avg_pool'", {3, 5, 4}},
    {"'global_avg_pool'", {7, 1, 1}, 1},
    {"'global_avg_pool'", {1, 1, 17}, 3},
    {"'batch_norm'", {3, 3, 1}, 1},
    {"'batch_norm'", {2, 3, 5}, 3},
    {"{ batch_norm = 0.1 }", {1, 1, 17}, 8},
    {"'local_response_norm'", {2, 1, 1}, 1},
    {"{ local_response_norm = 4, alpha = 0.5, k = 2 }", {2, 3, 7}},
    {"{ local_response_norm = 3, alpha = 1.5, beta = 1.25 }", {1, 2, 5}},
    {"{ dropout = 0.4 }", {3, 3, 4}},
    {"{ dropout = 0 }", {1, 1, 5}, 1},
    {"'flatten'", {2, 3, 4}},
    {"'flatten'", {3, 1, 1}, 1},
    {"{ add = ['input', 'input'] }", {2, 3, 2}},
    {"{ add = ['input', 'input'] }", {5, 1, 1}, 1},
    {"{ add = ['input', 'input', 'input'] }", {2, 3, 2}},
    {"{ add = ['input', 'input', 'input'] }", {1, 7, 17}, 1},
    {"{ concat = ['input', 'input'] }", {2, 3, 3}},
    {"{ concat = ['input', 'input', 'input'] }", {1, 1, 1}, 1},
    {"{ concat = ['input', 'input'] }", {3, 1, 17}, 3},
    {"'maxout'", {2, 3, 6}, 2, true},
    {"{ maxout = 5 }", {1, 1, 5}, 1, true},
    {"'prelu'", {3, 2, 1}, 1},
    {"{ prelu = -0.5 }", {2, 3, 5}},
    {"'softmax'", {1, 1, 1}, 1},
    {"'softmax'", {2, 3, 5}},
    {"'log_softmax'", {1, 1, 10}, 3},
    {"'log_softmax'", {2, 1, 3}, 1},
};

INSTANTIATE_TEST_SUITE_P(Layer, LayerGradient, testing::ValuesIn(checks));

// Every type is in the list above.
TEST(LayerGradientList, HoldsEveryLayer) {
  for (const std::string_view type : layer_types()) {
    EXPECT_TRUE(std::any_of(std::begin(checks), std::end(checks), [&](const GradientCheck& check) {
      const std::size_t at = check.layers.find(type);
      return at != std::string::npos && (check.layers[at - 1] == ' ' || check.layers[at - 1] == '\'');
    })) << type;
  }
}

// The gradient of the slope sums over all pixels: a million equal terms.
TEST(PReLUGradient, IsRightForManyPixels) {
  Net net(parse_net("input = [1000, 1000, 1]\nlayers = ['prelu']", "test"));
  Plan plan(net, {.batch = 1, .training = true});
  const std::vector<float> x(1000 * 1000, -0.1F);
  plan.forward(x.data(), 1);
  std::fill_n(plan.output_gradient(), x.size(), 1.0F);
  float gradient = 0;
  plan.backward(&gradient);
  EXPECT_NEAR(gradient, -1e6 * static_cast<double>(0.1F), 1e-6 * 1e5);
}

// On its own; fused with what comes before it, test/net/plan_fusion_test.cc compares it with this.
TEST(ActivationGradient, AgreesWithDifferences) {
  for (const ActivationInfo* info : activations()) {
    check_gradient({"'activation'", {2, 3, 3}, 1, false, std::string(info->name)});
  }
}

}  // namespace
}  // namespace halfwave
