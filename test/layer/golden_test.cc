// Every layer's forward and backward against values that PyTorch computed in double (test/golden).
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "halfwave/net/plan.h"
#include "halfwave/net/safetensors.h"

namespace halfwave {
namespace {

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(HALFWAVE_TEST_FOLDER "/golden")) {
    const std::string name = entry.path().stem().string();
    if (name.starts_with("layer_")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Golden : public testing::TestWithParam<std::string> {};

std::vector<float> floats(const SafetensorsFile& file, const std::string& name) {
  const TensorEntry* entry = file.find(name);
  if (entry == nullptr) return {};
  std::vector<float> values(entry->bytes.size() / sizeof(float));
  file.copy_floats(name, entry->dims, values);
  return values;
}

// The largest distance, in units of the largest value: sums of a few hundred terms in float32 stay within a
// few dozen times 2^-24 of it. With Winograd's transforms the error of a value has a root mean square of up
// to 3e-6 of that of all values (doc/kernels.md); of some thousand values the largest is about four times
// that.
constexpr double exact_distance = 4e-6;
constexpr double winograd_distance = 1.2e-5;

void expect_near(std::span<const float> got, const std::vector<float>& expected, const std::string& what,
                 double distance) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  double largest = 1e-6;
  for (const float value : expected) largest = std::max(largest, std::abs(static_cast<double>(value)));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(got[i], expected[i], distance * largest) << what << " at " << i;
  }
}

void expect_as_pytorch(const std::string& name, KernelChoice kernels, double distance) {
  const SafetensorsFile file =
      SafetensorsFile::read(std::string(HALFWAVE_TEST_FOLDER "/golden/") + name + ".safetensors", false);
  const bool training = !file.metadata().contains("mode") || file.text("mode") == "training";
  Net net(parse_net("input = " + file.text("input") + "\n" + file.text("layers"), name));
  for (const Net::Tensor& tensor : net.tensors())
    file.copy_floats(tensor.name, tensor.parameter->dims, tensor.values);
  const std::vector<float> x = floats(file, "x");
  const std::vector<float> dy = floats(file, "dy");
  const auto n = static_cast<std::int64_t>(x.size() / net.input().size());

  const bool evaluation = name.find("evaluation") != std::string::npos;
  EXPECT_EQ(training, !evaluation);
  Plan inference(net, {.batch = n, .kernels = kernels});
  if (evaluation) {
    const std::vector<float> expected = floats(file, "y");
    expect_near({inference.forward(x.data(), n), expected.size()}, expected, "y", distance);
    return;
  }
  Plan plan(net, {.batch = n, .training = true, .input_gradient = true, .kernels = kernels});
  const float* y = plan.forward(x.data(), n, {.running = net.state()});
  expect_near({y, dy.size()}, floats(file, "y"), "y", distance);
  std::copy(dy.begin(), dy.end(), plan.output_gradient());
  Buffer gradients(net.parameters().size());
  plan.backward(gradients.data());
  expect_near({plan.input_gradient(), x.size()}, floats(file, "dx"), "dx", distance);
  for (const Net::Tensor& tensor : net.tensors()) {
    if (tensor.parameter->trained) {
      expect_near(gradients.span().subspan(tensor.parameter->offset, tensor.parameter->size()),
                  floats(file, "d:" + tensor.name), "d:" + tensor.name, distance);
    } else {
      expect_near(tensor.values, floats(file, "after:" + tensor.name), "after:" + tensor.name, distance);
    }
  }
}

TEST_P(Golden, AgreesWithPyTorch) {
  expect_as_pytorch(GetParam(), KernelChoice::exact, exact_distance);
  expect_as_pytorch(GetParam(), KernelChoice::automatic, winograd_distance);
}

INSTANTIATE_TEST_SUITE_P(Layer, Golden, testing::ValuesIn(cases()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace halfwave
