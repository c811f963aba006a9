// How weights start, and what a net warns of.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "net_testing.h"

namespace halfwave {
namespace {

// One layer with weights, then what follows.
Initialisation start(const std::string& after) {
  return net_of("input = [8, 8, 4]\nlayers = [ { conv = 4, kernel = 3 }" + after + " ]").start_of(0);
}

TEST(Initialise, ChoosesByTheActivationThatFollows) {
  EXPECT_EQ(start(""), Initialisation::glorot);
  EXPECT_EQ(start(", 'relu'"), Initialisation::he);
  EXPECT_EQ(start(", 'tanh'"), Initialisation::glorot);
  EXPECT_EQ(start(", 'sigmoid'"), Initialisation::glorot);
  EXPECT_EQ(start(", 'selu'"), Initialisation::lecun);
  EXPECT_EQ(start(", 'prelu'"), Initialisation::he);
  EXPECT_EQ(start(", 'maxout'"), Initialisation::he);
  EXPECT_EQ(start(", 'softmax'"), Initialisation::glorot);
  EXPECT_EQ(start(", { linear = 3 }, 'relu'"), Initialisation::glorot);
  // Through what has no weights of its own.
  EXPECT_EQ(start(", 'batch_norm', { max_pool = 2 }, { dropout = 0.5 }, 'flatten', 'relu'"),
            Initialisation::he);
  EXPECT_EQ(start(", { name = 'a', layer = 'batch_norm' }, { add = ['a', 'conv1'] }, 'selu'"),
            Initialisation::lecun);
  EXPECT_EQ(start(", { layer = 'flatten', name = 'f' }, { concat = ['f', 'f'] }, 'relu'"),
            Initialisation::he);
}

// The mean and the variance of n normal numbers lie within 5 deviations: 5 sigma / sqrt(n) and
// 5 sqrt(2 / n) sigma^2.
void expect_variance(const std::string& after, double variance) {
  Net net = net_of("input = [8, 8, 32]\nlayers = [ { conv = 64, kernel = 3 }" + after + " ]");
  net.initialise(3);
  const Net::Tensor weight = net.tensors()[0];
  const auto n = static_cast<double>(weight.values.size());
  double sum = 0;
  double squares = 0;
  for (const float value : weight.values) {
    sum += static_cast<double>(value);
    squares += std::pow(static_cast<double>(value), 2);
  }
  EXPECT_LE(std::abs(sum / n), 5 * std::sqrt(variance / n)) << after;
  EXPECT_NEAR(squares / n, variance, 5 * std::sqrt(2 / n) * variance) << after;
  const Net::Tensor bias = net.tensors()[1];
  for (const float value : bias.values) EXPECT_EQ(value, 0);
}

TEST(Initialise, GivesTheVarianceOfTheRule) {
  const double in = 9 * 32;
  const double out = 9 * 64;
  expect_variance(", 'relu'", 2 / in);
  expect_variance(", 'tanh'", 2 / (in + out));
  expect_variance(", 'selu'", 1 / in);
}

TEST(Initialise, CountsTheInputsOfAGroup) {
  Net net = net_of("input = [8, 8, 64]\nlayers = [ { conv = 64, kernel = 3, groups = 4 }, 'relu' ]");
  EXPECT_EQ(net.tensors()[0].parameter->fan_in, 9 * 16);
  EXPECT_EQ(net.tensors()[0].parameter->fan_out, 9 * 16);
}

TEST(Initialise, DependsOnTheSeedAlone) {
  const auto weights = [](std::uint64_t seed) {
    Net net = net_of(R"(input = [8, 8, 3]
      layers = [ { conv = 8, kernel = 3 }, 'batch_norm', 'prelu', { conv = 8, kernel = 3 }, 'relu', { linear = 8 } ])");
    std::fill(net.parameters().begin(), net.parameters().end(), 7.0F);  // whatever was there before
    std::fill(net.state().begin(), net.state().end(), 7.0F);
    net.initialise(seed);
    std::vector<float> all;
    for (const Net::Tensor& tensor : net.tensors())
      all.insert(all.end(), tensor.values.begin(), tensor.values.end());
    return all;
  };
  EXPECT_EQ(weights(1), weights(1));
  EXPECT_NE(weights(1), weights(2));
}

TEST(Initialise, GivesEachTensorItsOwnNumbers) {
  Net net = net_of("input = [1, 1, 16]\nlayers = [ { linear = 16 }, 'relu', { linear = 16 }, 'relu' ]");
  net.initialise(1);
  const auto tensors = net.tensors();
  EXPECT_FALSE(std::equal(tensors[0].values.begin(), tensors[0].values.end(), tensors[2].values.begin()));
}

TEST(Initialise, StartsConstantsWhereTheyBelong) {
  Net net = net_of("input = [1, 1, 3]\nlayers = [ 'batch_norm', { prelu = 0.125 } ]");
  net.initialise(1);
  const std::vector<std::pair<std::string, float>> expected{{"batch_norm1.weight", 1.0F},
                                                            {"batch_norm1.bias", 0.0F},
                                                            {"batch_norm1.running_mean", 0.0F},
                                                            {"batch_norm1.running_var", 1.0F},
                                                            {"prelu1.weight", 0.125F}};
  const auto tensors = net.tensors();
  ASSERT_EQ(tensors.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(tensors[i].name, expected[i].first);
    for (const float value : tensors[i].values) EXPECT_EQ(value, expected[i].second) << tensors[i].name;
  }
}

std::vector<std::string> warnings(const std::string& layers,
                                  const std::string& loss = "softmax_cross_entropy") {
  return net_of("input = [1, 1, 4]\nloss = '" + loss + "'\nlayers = [ " + layers + " ]").warnings();
}

TEST(Warning, NamesWhatIsBuiltAgainstGoodPractice) {
  EXPECT_EQ(warnings("{ linear = 4 }, 'relu', { linear = 3 }"), std::vector<std::string>());
  EXPECT_EQ(warnings("{ linear = 3 }, 'relu'"),
            std::vector<std::string>{
                "the output layer ends in 'relu': the loss wants plain scores; activations belong "
                "between the hidden layers, so remove the last one"});
  for (const char* const last :
       {"'relu', 'flatten'", "'relu', { dropout = 0.5 }", "'prelu'", "'leaky_relu:slope=0.1'"}) {
    EXPECT_EQ(warnings(std::string("{ linear = 3 }, ") + last).size(), 1U) << last;
  }
  EXPECT_EQ(warnings("{ linear = 3 }, 'linear'"), std::vector<std::string>());
  EXPECT_EQ(warnings("{ linear = 3 }, 'relu'", "mean_squared_error"),
            std::vector<std::string>{
                "the output layer ends in 'relu': an output that falls below 0 gets no gradient and never "
                "learns again; remove the last activation"});
  EXPECT_EQ(warnings("{ linear = 3 }, 'softmax'"),
            std::vector<std::string>{
                "the net ends in 'softmax' and the loss softmax_cross_entropy applies it again: "
                "gradients get small; remove the layer (predictions are shares all the same)"});
  EXPECT_EQ(warnings("{ linear = 3 }, 'log_softmax'").size(), 1U);
  EXPECT_EQ(warnings("{ linear = 3 }, 'softmax'", "mean_squared_error"), std::vector<std::string>());
  EXPECT_EQ(warnings("{ linear = 3 }, 'sigmoid'", "mean_squared_error"), std::vector<std::string>());
  std::string deep;
  for (int i = 0; i < 3; ++i) deep += "{ linear = 4 }, 'sigmoid', ";
  EXPECT_EQ(warnings(deep + "{ linear = 3 }"), std::vector<std::string>());
  EXPECT_EQ(
      warnings(deep + "{ linear = 4 }, 'sigmoid', { linear = 3 }"),
      std::vector<std::string>{"4 hidden layers use 'sigmoid', which saturates: gradients vanish towards the "
                               "input; try relu, or batch_norm before each"});
  EXPECT_EQ(warnings(deep + "{ linear = 4 }, 'tanh', { linear = 3 }").at(0).substr(0, 47),
            "4 hidden layers use 'sigmoid' or 'tanh', which ");
  std::string normed;
  for (int i = 0; i < 5; ++i) normed += "{ linear = 4 }, 'batch_norm', 'tanh', ";
  EXPECT_EQ(warnings(normed + "{ linear = 3 }"), std::vector<std::string>());
  // Side by side is not deep.
  std::string wide;
  for (const char name : {'a', 'b', 'c', 'd'}) {
    wide += fmt::format("{{ linear = 4, from = 'input' }}, {{ layer = 'tanh', name = '{}' }}, ", name);
  }
  EXPECT_EQ(warnings(wide + "{ add = ['a', 'b', 'c', 'd'] }, { linear = 3 }"), std::vector<std::string>());
}

}  // namespace
}  // namespace halfwave
