// What is wrong with a net is said with the layer, what was expected and what came.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "net_testing.h"

namespace halfwave {
namespace {

struct WrongNet {
  const char* toml;
  const char* message;
};

const WrongNet wrong_nets[] = {
    {"name = 'n'\ninput = [1, 1, 1]\nlayers = []", "net 'n': it has no layers"},
    {"name = \"n\\u001b[31m\"\ninput = [1, 1, 1]\nlayers = ['relu']",
     "'name': the name of a net may not hold line breaks or other control characters"},
    {"name = 'n'\ninput = [1, 1, 1]\nlayers = ['relu']\nloss = 'softmax_cross_entrpy'",
     "net 'n': unknown loss 'softmax_cross_entrpy'; did you mean 'softmax_cross_entropy'?"},
    // Shapes that do not fit.
    {"input = [4, 5, 1]\nlayers = [ { conv = 3, kernel = 5 } ]",
     "conv 'conv1' (input 4x5x1): its kernel reaches over 5 rows or columns, but the padded height of its "
     "input is 4"},
    {"input = [5, 4, 1]\nlayers = [ { conv = 3, kernel = [5, 3], dilation = [1, 3], name = 'c2' } ]",
     "conv 'c2' (input 5x4x1): its kernel reaches over 7 rows or columns, but the padded width of its input "
     "is 4"},
    {"input = [5, 4, 4]\nlayers = [ { conv = 6, groups = 3 } ]",
     "conv 'conv1' (input 5x4x4): 3 groups divide neither or only one of 4 input and 6 output channels"},
    {"input = [5, 3, 4]\nlayers = [ 'relu', { max_pool = 4 } ]",
     "max_pool 'max_pool1' (input 5x3x4): its kernel of 4 is larger than the padded width of its input, 3"},
    {"input = [5, 3, 4]\nlayers = [ { avg_pool = 3, pad = 2 } ]",
     "avg_pool 'avg_pool1' (input 5x3x4): its pad of 2 is more than half its kernel of 3"},
    {"input = [300, 300, 1]\nlayers = [ { max_pool = 300 } ]",
     "max_pool 'max_pool1' (input 300x300x1): its kernel has more than 65000 values"},
    {"input = [5, 3, 5]\nlayers = [ { maxout = 2 } ]",
     "maxout 'maxout1' (input 5x3x5): expected a multiple of 2 channels, got 5"},
    {"input = [5, 3, 5]\nlayers = [ { max_pool = 1, name = 'a' }, { max_pool = 2, name = 'b' }, { add = "
     "['a', 'b'] } ]",
     "add 'add1' (input 5x3x5): its inputs differ in shape: 5x3x5 and 2x1x5"},
    {"input = [5, 3, 5]\nlayers = [ { max_pool = 1, name = 'a' }, { max_pool = 2, name = 'b' }, { concat = "
     "['a', 'b'] } ]",
     "concat 'concat1' (input 5x3x5): its inputs differ in height or width: 5x3x5 and 2x1x5"},
    // Numbers of inputs.
    {"input = [5, 3, 5]\nlayers = [ 'add' ]",
     "add 'add1' (input 5x3x5): expected two or more inputs, as in { add = [\"a\", \"b\"] }"},
    {"input = [5, 3, 5]\nlayers = [ { concat = 'input' } ]",
     "concat 'concat1' (input 5x3x5): expected two or more inputs, as in { concat = [\"a\", \"b\"] }"},
    {"input = [5, 3, 5]\nlayers = [ { conv = 3, from = ['input', 'input'] } ]",
     "conv 'conv1' (input 5x3x5): expected one input, got 2"},
    // Names.
    {"input = [5, 3, 5]\nlayers = [ 'relu', { conv = 3, from = 'relu2' } ]",
     "conv 'conv1': no layer before it is named 'relu2'; did you mean 'relu1'?"},
    {"input = [5, 3, 5]\nlayers = [ { conv = 3, from = 'conv1' } ]",
     "conv 'conv1': no layer before it is named 'conv1'"},
    {"input = [5, 3, 5]\nlayers = [ { add = ['input', 'somewhere'] } ]",
     "add 'add1': no layer before it is named 'somewhere'"},
    {"input = [5, 3, 5]\nlayers = [ { linear = 1, name = 'a' }, { linear = 1, name = 'a' } ]",
     "layer 'a': another has this name already"},
    {"input = [5, 3, 5]\nlayers = [ { linear = 1, name = 'input' } ]",
     "layer 'input': another has this name already"},
    {"input = [5, 3, 5]\nlayers = [ { linear = 1, name = 'a.b' } ]",
     "layer 'a.b': a name may not hold dots, quotes or line breaks"},
    {"input = [5, 3, 5]\nlayers = [ { linear = 1, name = 'a' }, { linear = 1, from = 'input' } ]",
     "layer 'a': no layer uses its output; name it in a `from`, or remove it"},
    // Options and activations.
    {"input = [5, 3, 5]\nlayers = [ 'relu', { conv = 0 } ]",
     "conv 'layer 2': 'conv': expected a whole number from 1 to 1048576, got 0"},
    {"input = [5, 3, 5]\nlayers = [ { conv = 0, name = 'c' } ]",
     "conv 'c': 'conv': expected a whole number from 1 to 1048576, got 0"},
    {"input = [5, 3, 5]\nlayers = [ 'rleu' ]", "rleu 'layer 1': unknown layer 'rleu'; did you mean 'relu'?"},
    // Sizes that no memory holds.
    {"name = 'n'\ninput = [1048576, 1048576, 1048576]\nlayers = ['relu']",
     "net 'n': its input 1048576x1048576x1048576 is too large"},
    {"input = [1, 1, 1048576]\nlayers = [ { linear = 1048576 } ]",
     "linear 'linear1': its weight is too large"},
    {"input = [1024, 1024, 1]\nlayers = [ { conv = 1048576 } ]",
     "conv 'conv1' (input 1024x1024x1): its output of 1024x1024x1048576 is too large"},
    {"input = [1, 1, 1]\nlayers = [ { conv = 1, pad = 1048576 } ]",
     "conv 'conv1' (input 1): its output of 2097153x2097153x1 is too large"},
    // The weights have 2^80 values, which as a 64-bit number is 0.
    {"input = [1, 1, 1048576]\nlayers = [ { conv = 1048576, kernel = 1048576, pad = 524288 } ]",
     "conv 'conv1': its weight is too large"},
    {"input = [1, 1, 1048576]\nlayers = [ { conv = 1048576, kernel = [1, 1048576], pad = [0, 524288] } ]",
     "conv 'conv1': its weight is too large"},
};

TEST(NetError, NamesLayerExpectedAndFound) {
  for (const WrongNet& wrong : wrong_nets) {
    EXPECT_EQ(message([&] { net_of(wrong.toml); }), wrong.message) << wrong.toml;
  }
}

// 2^65 values, more than 64 bits can count.
TEST(NetError, RefusesSizesThatOverflow) {
  std::string toml = "input = [1048576, 1, 1]\nlayers = [ ";
  for (const int pad : {1048576, 1048576, 1048576, 1048576, 1048576, 1048576, 1048576, 524288}) {
    toml += fmt::format("{{ conv = 1, pad = [{}, 0] }}, ", pad);
  }
  toml += "{ conv = 1048576, kernel = [1, 2], pad = [0, 1048576] } ]";
  const std::string text = message([&] { net_of(toml); });
  EXPECT_NE(text.find("its output of 16777216x2097152x1048576 is too large"), std::string::npos) << text;
}

TEST(NetError, TakesLearnedActivationsForHidden) {
  for (const char* const name : {"prelu", "maxout"}) {
    const Net net = net_of(fmt::format(
        "activation = '{}'\ninput = [1, 1, 4]\nlayers = [ {{ linear = 4 }}, 'activation', {{ linear = 2 }} ]",
        name));
    EXPECT_EQ(net.nodes()[1].layer->type(), name);
    EXPECT_EQ(net.nodes()[1].name, "activation1");
    EXPECT_EQ(to_toml(net_of(to_toml(net.spec())).spec()), to_toml(net.spec()));
  }
}

TEST(NetError, NamesAWrongActivation) {
  const std::string error = message(
      [] { net_of("input = [1, 1, 1]\nactivation = 'rellu'\nlayers = ['activation', { linear = 1 }]"); });
  EXPECT_NE(error.find("'rellu'"), std::string::npos) << error;
  EXPECT_NE(error.find("did you mean 'relu'?"), std::string::npos) << error;
}

// An automatic name gives way to one that was chosen.
TEST(NetError, LeavesChosenNamesAlone) {
  EXPECT_EQ(
      message([] { net_of("input = [1, 1, 1]\nlayers = [ { conv = 1, name = 'conv2' }, { conv = 1 } ]"); }),
      "layer 'conv2': another has this name already");
}

}  // namespace
}  // namespace halfwave
