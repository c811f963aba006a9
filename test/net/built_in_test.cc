// The built-in nets have the published sizes, and can be found.
#include "halfwave/net/built_in.h"

#include <gtest/gtest.h>

#include "halfwave/net/summary.h"
#include "net_testing.h"

namespace halfwave {
namespace {

struct Size {
  std::string_view name;
  std::size_t parameters;
  std::int64_t multiply_adds;
};

// Parameters: lenet5 LeCun et al. 1998 with full connections in the second convolution; alexnet the paper's
// with two groups (Caffe's bvlc_reference: 60,965,224); vgg and resnet18 torchvision's; resnet20 the paper's
// 269,722 with 2 x (1x1 shortcut and its norm), 2752 more. Multiply-adds: torchvision's table of operations
// (7.609, 11.308, 15.47, 19.632, 1.814 G); alexnet 724 M (Caffe); resnet20 40.55 M and two shortcuts of
// 131,072.
const Size published[] = {
    {"lenet5", 61'706, 416'520},
    {"alexnet", 60'965'224, 724'406'816},
    {"vgg11", 132'863'336, 7'609'090'048},
    {"vgg13", 133'047'848, 11'308'466'176},
    {"vgg16", 138'357'544, 15'470'264'320},
    {"vgg19", 143'667'240, 19'632'062'464},
    {"resnet18", 11'689'512, 1'814'073'344},
    {"resnet20", 272'474, 40'813'184},
};

TEST(BuiltIn, HasThePublishedSizes) {
  for (const Size& size : published) {
    Net net(load_net(std::string(size.name)));
    std::size_t parameters = 0;
    std::int64_t multiply_adds = 0;
    for (const Net::Tensor& tensor : net.tensors()) {
      if (tensor.parameter->trained) parameters += tensor.parameter->size();
    }
    for (const Net::Node& node : net.nodes()) multiply_adds += node.layer->multiply_adds();
    EXPECT_EQ(parameters, size.parameters) << size.name;
    EXPECT_EQ(multiply_adds, size.multiply_adds) << size.name;
  }
}

TEST(BuiltIn, BuildsEveryNetWithoutWarning) {
  for (const BuiltInNet& built_in : built_in_nets()) {
    const NetSpec spec = built_in.make();
    EXPECT_EQ(spec.name, built_in.name);
    const Net net(spec);
    EXPECT_EQ(net.warnings(), std::vector<std::string>()) << built_in.name;
    EXPECT_EQ(net.output().size(), spec.input.height == 224 || spec.input.height == 227 ? 1000U : 10U)
        << built_in.name;
    EXPECT_FALSE(built_in.description.empty());
  }
}

TEST(BuiltIn, TakesAnyHiddenActivation) {
  for (const BuiltInNet& built_in : built_in_nets()) {
    NetSpec spec = built_in.make();
    if (spec.input.height > 100) continue;
    spec.activation = "leaky_relu:slope=0.1";
    const Net net(spec);
    std::size_t activations = 0;
    for (const Net::Node& node : net.nodes()) {
      if (node.layer->activation() == nullptr) continue;
      EXPECT_EQ(node.layer->activation()->text(), "leaky_relu:slope=0.1");
      ++activations;
    }
    EXPECT_GT(activations, 0U) << built_in.name;
  }
}

TEST(BuiltIn, SuggestsTheNearestName) {
  EXPECT_EQ(
      message([] { load_net("lenet"); }),
      "unknown net 'lenet'; did you mean 'lenet5'? (see `halfwave nets`, or give the path of a .toml file)");
  EXPECT_EQ(message([] { load_net("gibberish-of-no-kind"); }),
            "unknown net 'gibberish-of-no-kind' (see `halfwave nets`, or give the path of a .toml file)");
  EXPECT_TRUE(message([] { load_net("missing.toml"); }).starts_with("cannot read missing.toml: "));
}

TEST(Summary, SumsUp) {
  const std::string text = summary(Net(load_net("lenet5")));
  for (const char* const part : {"28x28x6", "61,706", "416,520", "He", "Glorot", "conv 16 kernel=5"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

}  // namespace
}  // namespace halfwave
