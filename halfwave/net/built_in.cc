#include "halfwave/net/built_in.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "halfwave/base/error.h"
#include "halfwave/base/file.h"
#include "halfwave/base/text.h"
#include "halfwave/layer/add.h"
#include "halfwave/layer/average_pool.h"
#include "halfwave/layer/batch_norm.h"
#include "halfwave/layer/convolution.h"
#include "halfwave/layer/dropout.h"
#include "halfwave/layer/linear.h"
#include "halfwave/layer/max_pool.h"

namespace halfwave {
namespace {

NetSpec mlp() {
  return parse_net(R"(
name = "mlp"
input = [28, 28, 1]
layers = [ { linear = 256 }, "activation", { linear = 128 }, "activation", { linear = 10 } ]
)",
                   "mlp");
}

NetSpec lenet5() {
  return parse_net(R"(
name = "lenet5"
input = [28, 28, 1]
layers = [
  { conv = 6, kernel = 5, pad = 2 }, "activation", { max_pool = 2 },
  { conv = 16, kernel = 5 }, "activation", { max_pool = 2 },
  { linear = 120 }, "activation",
  { linear = 84 }, "activation",
  { linear = 10 },
]
)",
                   "lenet5");
}

NetSpec mnist_example() {
  return parse_net(R"(
name = "mnist-example"
input = [28, 28, 1]
layers = [
  { conv = 32, kernel = 3 }, "activation",
  { conv = 64, kernel = 3 }, "activation", { max_pool = 2 },
  { linear = 128 }, "activation",
  { linear = 10 },
]
)",
                   "mnist-example");
}

NetSpec cifar_quick() {
  return parse_net(R"(
name = "cifar-quick"
input = [32, 32, 3]
layers = [
  { conv = 32, kernel = 5, pad = 2 }, { max_pool = 3, stride = 2, ceil = true }, "activation",
  { conv = 32, kernel = 5, pad = 2 }, "activation", { avg_pool = 3, stride = 2, ceil = true },
  { conv = 64, kernel = 5, pad = 2 }, "activation", { avg_pool = 3, stride = 2, ceil = true },
  { linear = 10 },
]
)",
                   "cifar-quick");
}

// The paper's response norm has k = 2, n = 5, alpha = 1e-4, beta = 3/4 with alpha not divided by n.
NetSpec alexnet() {
  return parse_net(R"(
name = "alexnet"
input = [227, 227, 3]
layers = [
  { conv = 96, kernel = 11, stride = 4 }, "activation",
  { local_response_norm = 5, alpha = 5e-4, beta = 0.75, k = 2.0 }, { max_pool = 3, stride = 2 },
  { conv = 256, kernel = 5, pad = 2, groups = 2 }, "activation",
  { local_response_norm = 5, alpha = 5e-4, beta = 0.75, k = 2.0 }, { max_pool = 3, stride = 2 },
  { conv = 384, kernel = 3, pad = 1 }, "activation",
  { conv = 384, kernel = 3, pad = 1, groups = 2 }, "activation",
  { conv = 256, kernel = 3, pad = 1, groups = 2 }, "activation", { max_pool = 3, stride = 2 },
  { linear = 4096 }, "activation", { dropout = 0.5 },
  { linear = 4096 }, "activation", { dropout = 0.5 },
  { linear = 1000 },
]
)",
                   "alexnet");
}

NetSpec alexnet_small() {
  return parse_net(R"(
name = "alexnet-small"
input = [32, 32, 3]
layers = [
  { conv = 48, kernel = 5, pad = 2 }, "activation",
  { local_response_norm = 5, alpha = 5e-4, beta = 0.75, k = 2.0 }, { max_pool = 3, stride = 2 },
  { conv = 128, kernel = 5, pad = 2, groups = 2 }, "activation",
  { local_response_norm = 5, alpha = 5e-4, beta = 0.75, k = 2.0 }, { max_pool = 3, stride = 2 },
  { conv = 192, kernel = 3, pad = 1 }, "activation",
  { conv = 192, kernel = 3, pad = 1, groups = 2 }, "activation",
  { conv = 128, kernel = 3, pad = 1, groups = 2 }, "activation", { max_pool = 3, stride = 2 },
  { linear = 512 }, "activation", { dropout = 0.5 },
  { linear = 256 }, "activation", { dropout = 0.5 },
  { linear = 10 },
]
)",
                   "alexnet-small");
}

LayerSpec convolution(std::int64_t channels, std::int64_t kernel, std::int64_t stride, bool bias,
                      std::string name = {}, std::vector<std::string> from = {}) {
  return layer(ConvolutionOptions{.channels = channels,
                                  .kernel = {kernel, kernel},
                                  .stride = {stride, stride},
                                  .pad = {kernel / 2, kernel / 2},
                                  .bias = bias},
               std::move(name), std::move(from));
}

LayerSpec max_pool(std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
  MaxPoolOptions options;
  options.kernel = {kernel, kernel};
  options.stride = {stride, stride};
  options.pad = {pad, pad};
  return layer(options);
}

LayerSpec linear(std::int64_t outputs) { return layer(LinearOptions{.outputs = outputs}); }

// Stages of 3x3 convolutions, each followed by a pool that halves the image (Simonyan and Zisserman 2015).
NetSpec vgg(std::string name, Shape input, const std::vector<std::vector<std::int64_t>>& stages) {
  NetSpec spec{.name = std::move(name), .input = input};
  for (const auto& stage : stages) {
    for (const std::int64_t channels : stage) {
      spec.layers.push_back(convolution(channels, 3, 1, true));
      spec.layers.push_back(layer("activation"));
    }
    spec.layers.push_back(max_pool(2, 2, 0));
  }
  return spec;
}

NetSpec vgg_small() {
  NetSpec spec = vgg("vgg-small", {32, 32, 3}, {{64, 64}, {128, 128}, {256, 256}});
  spec.layers.insert(spec.layers.end(), {linear(256), layer("activation"), linear(10)});
  return spec;
}

NetSpec full_vgg(std::string name, const std::vector<std::vector<std::int64_t>>& stages) {
  NetSpec spec = vgg(std::move(name), {224, 224, 3}, stages);
  for (int i = 0; i < 2; ++i) {
    spec.layers.insert(spec.layers.end(), {linear(4096), layer("activation"), layer(DropoutOptions{})});
  }
  spec.layers.push_back(linear(1000));
  return spec;
}

// Table 1 of the paper: configurations A, B, D, E.
NetSpec vgg11() { return full_vgg("vgg11", {{64}, {128}, {256, 256}, {512, 512}, {512, 512}}); }
NetSpec vgg13() { return full_vgg("vgg13", {{64, 64}, {128, 128}, {256, 256}, {512, 512}, {512, 512}}); }
NetSpec vgg16() {
  return full_vgg("vgg16", {{64, 64}, {128, 128}, {256, 256, 256}, {512, 512, 512}, {512, 512, 512}});
}
NetSpec vgg19() {
  return full_vgg("vgg19",
                  {{64, 64}, {128, 128}, {256, 256, 256, 256}, {512, 512, 512, 512}, {512, 512, 512, 512}});
}

// Basic residual blocks (He et al. 2016, figure 5 left), each stage but the first halving the image;
// shortcuts that change shape are 1x1 convolutions with batch norm (the paper's option B).
void add_stages(NetSpec& spec, const std::vector<std::int64_t>& stages, int blocks, std::string from) {
  std::int64_t channels_before = stages.front();
  for (std::size_t s = 0; s < stages.size(); ++s) {
    for (int b = 0; b < blocks; ++b) {
      const std::string block = fmt::format("s{}b{}", s + 1, b + 1);
      const std::int64_t stride = s > 0 && b == 0 ? 2 : 1;
      spec.layers.push_back(convolution(stages[s], 3, stride, false, block + "_conv1", {from}));
      spec.layers.push_back(layer(BatchNormOptions{}));
      spec.layers.push_back(layer("activation"));
      spec.layers.push_back(convolution(stages[s], 3, 1, false, block + "_conv2"));
      spec.layers.push_back(layer(BatchNormOptions{}, block + "_norm2"));
      std::string shortcut = from;
      if (stride != 1 || stages[s] != channels_before) {
        shortcut = block + "_shortcut";
        spec.layers.push_back(convolution(stages[s], 1, stride, false, block + "_conv0", {from}));
        spec.layers.push_back(layer(BatchNormOptions{}, shortcut));
      }
      spec.layers.push_back(layer(AddOptions{}, block + "_add", {block + "_norm2", shortcut}));
      LayerSpec activation = layer("activation");
      activation.name = block;
      spec.layers.push_back(activation);
      from = block;
      channels_before = stages[s];
    }
  }
  spec.layers.push_back(layer(GlobalAveragePoolOptions{}));
}

NetSpec resnet20() {
  NetSpec spec{.name = "resnet20", .input = {32, 32, 3}};
  spec.layers = {convolution(16, 3, 1, false), layer(BatchNormOptions{}), layer("activation")};
  spec.layers.back().name = "stem";
  add_stages(spec, {16, 32, 64}, 3, "stem");
  spec.layers.push_back(linear(10));
  return spec;
}

NetSpec resnet18() {
  NetSpec spec{.name = "resnet18", .input = {224, 224, 3}};
  spec.layers = {convolution(64, 7, 2, false), layer(BatchNormOptions{}), layer("activation"),
                 max_pool(3, 2, 1)};
  spec.layers.back().name = "stem";
  add_stages(spec, {64, 128, 256, 512}, 2, "stem");
  spec.layers.push_back(linear(1000));
  return spec;
}

constexpr std::array<BuiltInNet, 13> nets{{
    {"mlp", "two hidden layers for 28x28 grey pictures", &mlp},
    {"lenet5", "LeCun et al. 1998, with max-pooling; learns 28x28 pictures in a minute", &lenet5},
    {"mnist-example", "two 3x3 convolutions and a wide linear layer, as in PyTorch's MNIST example",
     &mnist_example},
    {"cifar-quick", "cuda-convnet's layers-18pct without response norm, for 32x32 colour pictures",
     &cifar_quick},
    {"alexnet", "Krizhevsky et al. 2012, 227x227, with response norm and two groups", &alexnet},
    {"alexnet-small", "the same shape for 32x32 pictures", &alexnet_small},
    {"vgg-small", "six 3x3 convolutions in the manner of VGG, for 32x32 pictures", &vgg_small},
    {"vgg11", "Simonyan and Zisserman 2015, configuration A, 224x224", &vgg11},
    {"vgg13", "configuration B", &vgg13},
    {"vgg16", "configuration D", &vgg16},
    {"vgg19", "configuration E", &vgg19},
    {"resnet20", "He et al. 2016, section 4.2, for 32x32 pictures", &resnet20},
    {"resnet18", "He et al. 2016, table 1, 224x224", &resnet18},
}};

}  // namespace

std::span<const BuiltInNet> built_in_nets() { return nets; }

bool is_built_in(std::string_view name) {
  return std::any_of(nets.begin(), nets.end(), [&](const BuiltInNet& net) { return net.name == name; });
}

NetSpec load_net(const std::string& name_or_path) {
  std::vector<std::string_view> names;
  for (const BuiltInNet& net : nets) {
    if (net.name == name_or_path) return net.make();
    names.push_back(net.name);
  }
  const std::filesystem::path path = name_or_path;
  std::error_code code;
  if (path.extension() == ".toml" || std::filesystem::is_regular_file(path, code)) {
    return parse_net(read_file(path, 1 << 24), name_or_path);
  }
  fail("unknown net '{}'{} (see `halfwave nets`, or give the path of a .toml file)", name_or_path,
       suggestion(name_or_path, names));
}

}  // namespace halfwave
