// Twenty training steps from the same start and batches as PyTorch took (test/golden/make_golden.py).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "halfwave/net/safetensors.h"
#include "halfwave/train/model.h"
#include "halfwave/train/training_step.h"

namespace halfwave {
namespace {

class GoldenNet : public testing::TestWithParam<std::tuple<const char*, KernelChoice>> {};

double number(const SafetensorsFile& file, const std::string& key, double initial) {
  const auto found = file.metadata().find(key);
  return found == file.metadata().end() ? initial : std::stod(found->second);
}

// The values after the last step, as far as the file has them, to what the last loss is held to, relative to
// the largest of a tensor. A bias in front of a batch norm has no gradient but rounding, hence the least.
void expect_values_after(const SafetensorsFile& file, Net& net) {
  std::size_t compared = 0;
  for (const Net::Tensor& tensor : net.tensors()) {
    const std::string name = "after:" + tensor.name;
    if (file.find(name) == nullptr) continue;
    std::vector<float> expected(tensor.values.size());
    file.copy_floats(name, tensor.parameter->dims, expected);
    double largest = 1e-3;
    for (const float value : expected) largest = std::max(largest, std::abs(static_cast<double>(value)));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(tensor.values[i], expected[i], 1e-3 * largest) << tensor.name << " at " << i;
    }
    ++compared;
  }
  std::size_t stored = 0;
  for (const TensorEntry& entry : file.entries()) stored += entry.name.starts_with("after:") ? 1 : 0;
  EXPECT_EQ(compared, stored);
}

TEST_P(GoldenNet, AgreesWithPyTorchStepByStep) {
  const auto [name, kernels] = GetParam();
  const SafetensorsFile file =
      SafetensorsFile::read(std::string(HALFWAVE_TEST_FOLDER "/golden/") + name + ".safetensors", false);
  Net net(parse_net(file.text("net"), name));
  load_tensors(file, net);
  TrainOptions options{.kernels = kernels,
                       .optimiser = optimiser_by_name(file.text("optimiser")),
                       .rate = number(file, "rate", 0),
                       .momentum = number(file, "momentum", 0),
                       .nesterov = file.metadata().contains("nesterov") && file.text("nesterov") == "true",
                       .weight_decay = number(file, "weight_decay", 0)};
  options.resolve();

  const TensorEntry& batches = *file.find("batches");
  const TensorEntry& labels = *file.find("labels");
  const auto steps = static_cast<std::size_t>(batches.dims[0]);
  const std::int64_t n = batches.dims[1];
  const std::size_t values = net.input().size() * static_cast<std::size_t>(n);
  std::vector<float> losses(steps);
  const std::int64_t dims[] = {batches.dims[0]};
  file.copy_floats("losses", dims, losses);

  TrainingStep step(net, options, n);
  Buffer x(values);
  for (std::size_t i = 0; i < steps; ++i) {
    for (std::size_t j = 0; j < values; ++j) {
      x[j] = static_cast<float>(static_cast<unsigned char>(batches.bytes[i * values + j])) / 255.0F;
    }
    std::vector<int> batch_labels(static_cast<std::size_t>(n));
    for (std::size_t j = 0; j < batch_labels.size(); ++j) {
      ASSERT_EQ(labels.dtype, "I32");
      std::int32_t label = 0;
      std::memcpy(&label, labels.bytes.data() + (i * batch_labels.size() + j) * sizeof label, sizeof label);
      batch_labels[j] = label;
    }
    const double loss = step.run(x.data(), {batch_labels}, i, options.rate).mean_loss();
    // Rounding grows with the steps taken: float32 PyTorch is as far from float64 PyTorch.
    const double share = static_cast<double>(i) / static_cast<double>(steps - 1);
    const double tolerance = 1e-5 * std::pow(100.0, share);
    EXPECT_NEAR(loss, static_cast<double>(losses[i]), tolerance * static_cast<double>(losses[i]))
        << "step " << i;
  }
  expect_values_after(file, net);
}

INSTANTIATE_TEST_SUITE_P(Net, GoldenNet,
                         testing::Combine(testing::Values("net_lenet5", "net_batch_norm", "net_residual",
                                                          "net_lenet5_adam", "net_mlp_mean_squared_error"),
                                          testing::Values(KernelChoice::automatic, KernelChoice::dense,
                                                          KernelChoice::winograd, KernelChoice::sparse,
                                                          KernelChoice::exact)),
                         [](const auto& test) {
                           return fmt::format("{}_{}", std::get<0>(test.param),
                                              to_string(std::get<1>(test.param)));
                         });

}  // namespace
}  // namespace halfwave
