// The options of every layer: what is wrong gives one line that says what was expected; what is right comes
// back from options() as it went in.
#include <gtest/gtest.h>

#include "common/error_message.h"
#include "halfwave/net/spec.h"

namespace halfwave {
namespace {

LayerSpec layer_of(const std::string& toml) {
  return parse_net("input = [1, 1, 1]\nlayers = [ " + toml + " ]", "test").layers.at(0);
}

std::string refusal(const std::string& toml) {
  return message([&] {
    const LayerSpec spec = layer_of(toml);
    make_layer(spec.type, spec.options);
  });
}

struct Wrong {
  const char* toml;
  const char* message;
};

const Wrong all_wrong[] = {
    // Type of the value.
    {"{ conv = 'six' }", "'conv': expected a whole number from 1 to 1048576, got \"six\""},
    {"{ conv = 1.5 }", "'conv': expected a whole number from 1 to 1048576, got 1.5"},
    {"{ conv = true }", "'conv': expected a whole number from 1 to 1048576, got true"},
    {"{ conv = [1, 2] }", "'conv': expected a whole number from 1 to 1048576, got [1, 2]"},
    {"{ conv = 1, kernel = 'big' }",
     "'kernel': expected a whole number or two as in [height, width], got \"big\""},
    {"{ conv = 1, kernel = 2.0 }", "'kernel': expected a whole number or two as in [height, width], got 2.0"},
    {"{ conv = 1, kernel = [1, 2, 3] }",
     "'kernel': expected a whole number or two as in [height, width], got [1, 2, 3]"},
    {"{ conv = 1, kernel = [] }", "'kernel': expected a whole number or two as in [height, width], got []"},
    {"{ conv = 1, bias = 1 }", "'bias': expected true or false, got 1"},
    {"{ linear = 3, bias = 'no' }", "'bias': expected true or false, got \"no\""},
    {"{ max_pool = true }", "'max_pool': expected a whole number or two as in [height, width], got true"},
    {"{ max_pool = 2, ceil = 1 }", "'ceil': expected true or false, got 1"},
    {"{ avg_pool = 2, count_pad = 0 }", "'count_pad': expected true or false, got 0"},
    {"{ dropout = 'half' }", "'dropout': expected a number from 0 to 0.999, got \"half\""},
    {"{ dropout = true }", "'dropout': expected a number from 0 to 0.999, got true"},
    {"{ prelu = [1, 2] }", "'prelu': expected a number from -10 to 10, got [1, 2]"},
    {"{ local_response_norm = 2.5 }",
     "'local_response_norm': expected a whole number from 1 to 1048576, got 2.5"},
    // Range.
    {"{ conv = 0 }", "'conv': expected a whole number from 1 to 1048576, got 0"},
    {"{ conv = -1 }", "'conv': expected a whole number from 1 to 1048576, got -1"},
    {"{ conv = 1048577 }", "'conv': expected a whole number from 1 to 1048576, got 1048577"},
    {"{ conv = 9223372036854775807 }",
     "'conv': expected a whole number from 1 to 1048576, got 9223372036854775807"},
    {"{ conv = 1, kernel = 0 }", "'kernel': expected whole numbers from 1 to 1048576, got 0"},
    {"{ conv = 1, kernel = [3, 0] }", "'kernel': expected whole numbers from 1 to 1048576, got [3, 0]"},
    {"{ conv = 1, stride = 0 }", "'stride': expected whole numbers from 1 to 1048576, got 0"},
    {"{ conv = 1, pad = -1 }", "'pad': expected whole numbers from 0 to 1048576, got -1"},
    {"{ conv = 1, dilation = 0 }", "'dilation': expected whole numbers from 1 to 1048576, got 0"},
    {"{ conv = 1, groups = 0 }", "'groups': expected a whole number from 1 to 1048576, got 0"},
    {"{ linear = 0 }", "'linear': expected a whole number from 1 to 1048576, got 0"},
    {"{ max_pool = 0 }", "'max_pool': expected whole numbers from 1 to 1048576, got 0"},
    {"{ max_pool = 2, stride = 0 }", "'stride': expected whole numbers from 1 to 1048576, got 0"},
    {"{ avg_pool = [2, 9223372036854775807] }",
     "'avg_pool': expected whole numbers from 1 to 1048576, got [2, 9223372036854775807]"},
    {"{ batch_norm = 0 }", "'batch_norm': expected a number from 1e-12 to 1, got 0"},
    {"{ batch_norm = 1e-5, momentum = 1.1 }", "'momentum': expected a number from 0 to 1, got 1.1"},
    {"{ batch_norm = nan }", "'batch_norm': expected a number from 1e-12 to 1, got nan"},
    {"{ local_response_norm = 0 }",
     "'local_response_norm': expected a whole number from 1 to 1048576, got 0"},
    {"{ local_response_norm = 5, alpha = -1 }", "'alpha': expected a number from 0 to 1000000, got -1"},
    {"{ local_response_norm = 5, beta = inf }", "'beta': expected a number from 0 to 100, got inf"},
    {"{ local_response_norm = 5, k = 0 }", "'k': expected a number from 1e-06 to 1000000, got 0"},
    {"{ dropout = 1 }", "'dropout': expected a number from 0 to 0.999, got 1"},
    {"{ dropout = -0.1 }", "'dropout': expected a number from 0 to 0.999, got -0.1"},
    {"{ maxout = 1 }", "'maxout': expected a whole number from 2 to 255, got 1"},
    {"{ maxout = 256 }", "'maxout': expected a whole number from 2 to 255, got 256"},
    {"{ prelu = 11 }", "'prelu': expected a number from -10 to 10, got 11"},
    // Missing.
    {"'conv'", "'conv' is missing: expected a whole number from 1 to 1048576"},
    {"{ layer = 'conv', kernel = 3 }", "'conv' is missing: expected a whole number from 1 to 1048576"},
    {"{ layer = 'linear', bias = true }", "'linear' is missing: expected a whole number from 1 to 1048576"},
    {"'max_pool'", "'max_pool' is missing: expected a whole number or two as in [height, width]"},
    {"'avg_pool'", "'avg_pool' is missing: expected a whole number or two as in [height, width]"},
    // Unknown.
    {"{ conv = 1, kernal = 3 }",
     "unknown option 'kernal'; did you mean 'kernel'? (it has kernel, stride, pad, dilation, groups, bias)"},
    {"{ linear = 1, colour = 3 }", "unknown option 'colour' (it has bias)"},
    {"{ max_pool = 2, strides = 2 }",
     "unknown option 'strides'; did you mean 'stride'? (it has stride, pad, ceil)"},
    {"{ avg_pool = 2, countpad = true }",
     "unknown option 'countpad'; did you mean 'count_pad'? (it has stride, pad, ceil, count_pad)"},
    {"{ batch_norm = 0.1, momentun = 0.1 }",
     "unknown option 'momentun'; did you mean 'momentum'? (it has momentum)"},
    {"{ local_response_norm = 3, alhpa = 1 }",
     "unknown option 'alhpa'; did you mean 'alpha'? (it has alpha, beta, k)"},
    {"{ dropout = 0.5, seed = 1 }", "unknown option 'seed' (it has none)"},
    {"{ flatten = 1 }", "unknown option 'flatten' (it has none)"},
    {"{ softmax = 1 }", "unknown option 'softmax' (it has none)"},
    {"{ log_softmax = true }", "unknown option 'log_softmax' (it has none)"},
    {"{ global_avg_pool = 2 }", "unknown option 'global_avg_pool' (it has none)"},
    {"{ add = ['a', 'b'], scale = 2 }", "unknown option 'scale' (it has none)"},
    {"{ concat = ['a', 'b'], axis = 2 }", "unknown option 'axis' (it has none)"},
    {"{ maxout = 2, size = 2 }", "unknown option 'size' (it has none)"},
    {"{ prelu = 0.1, slope = 2 }", "unknown option 'slope' (it has none)"},
    {"{ layer = 'relu', slope = 2 }", "unknown option 'slope' (it has none)"},
    // Layers.
    {"'reul'", "unknown layer 'reul'; did you mean 'relu'?"},
    {"'covn'", "unknown layer 'covn'; did you mean 'conv'?"},
    {"'transformer_block'", "unknown layer 'transformer_block'"},
};

TEST(LayerOptions, SayWhatIsWrongInOneLine) {
  for (const Wrong& wrong : all_wrong) EXPECT_EQ(refusal(wrong.toml), wrong.message) << wrong.toml;
}

TEST(LayerOptions, ReadNothingTwice) {
  EXPECT_EQ(refusal("{ conv = 1, relu = 2 }").find("unknown option 'relu'"), 0U);
}

// options() leaves out defaults; reading what it gives makes the same layer.
TEST(LayerOptions, ComeBackAsTheyWentIn) {
  const char* const all[] = {
      "{ conv = 6 }",
      "{ conv = 6, kernel = 5, stride = [2, 3], pad = [0, 1], dilation = 2, groups = 3, bias = false }",
      "{ linear = 10 }",
      "{ linear = 10, bias = false }",
      "{ max_pool = 2 }",
      "{ max_pool = [2, 3], stride = 1, pad = 1, ceil = true }",
      "{ avg_pool = 3, stride = [1, 2], pad = 1, ceil = true, count_pad = false }",
      "'global_avg_pool'",
      "'batch_norm'",
      "{ batch_norm = 0.001, momentum = 0.3 }",
      "'local_response_norm'",
      "{ local_response_norm = 4, alpha = 0.1, beta = 0.6, k = 2.0 }",
      "'dropout'",
      "{ dropout = 0.1 }",
      "'flatten'",
      "'maxout'",
      "{ maxout = 3 }",
      "'prelu'",
      "{ prelu = -0.7 }",
      "'softmax'",
      "'log_softmax'",
      "'relu'",
      "'leaky_relu:slope=0.1'",
      "'add'",
      "'concat'",
  };
  for (const char* const toml : all) {
    const LayerSpec spec = layer_of(toml);
    const auto first = make_layer(spec.type, spec.options);
    const auto second = make_layer(first->type(), first->options());
    EXPECT_EQ(second->type(), first->type()) << toml;
    EXPECT_EQ(second->options(), first->options()) << toml;
    // Nothing was lost: as many options as were written, each with its value.
    OptionList written = spec.options;
    OptionList read = first->options();
    std::sort(written.begin(), written.end());
    std::sort(read.begin(), read.end());
    EXPECT_EQ(read, written) << toml;
  }
}

TEST(LayerOptions, LeaveOutDefaults) {
  for (const char* const toml :
       {"{ conv = 1, kernel = 1, stride = 1, pad = 0, dilation = 1, groups = 1, bias = true }",
        "{ conv = 1, kernel = [1, 1] }"}) {
    const LayerSpec spec = layer_of(toml);
    EXPECT_EQ(make_layer(spec.type, spec.options)->options(), (OptionList{{"conv", std::int64_t{1}}}))
        << toml;
  }
  const LayerSpec pool = layer_of("{ max_pool = [2, 3], stride = [2, 3], ceil = false }");
  EXPECT_EQ(make_layer(pool.type, pool.options)->options(),
            (OptionList{{"max_pool", std::vector<std::int64_t>{2, 3}}}));
}

TEST(LayerOptions, LinearAloneIsTheActivation) {
  EXPECT_NE(make_layer("linear", {})->activation(), nullptr);
  EXPECT_EQ(make_layer("linear", {{"linear", std::int64_t{3}}})->activation(), nullptr);
}

// Kinds as the literature has them: a fold joins several inputs.
TEST(LayerOptions, TellTheKindOfActivations) {
  const auto kind = [](const char* type) { return make_layer(type, {})->kind(); };
  EXPECT_EQ(kind("relu"), ActivationKind::ridge);
  EXPECT_EQ(kind("gaussian"), ActivationKind::radial);
  EXPECT_EQ(kind("prelu"), ActivationKind::ridge);
  for (const char* const type : {"maxout", "softmax", "log_softmax"})
    EXPECT_EQ(kind(type), ActivationKind::fold);
  EXPECT_EQ(kind("batch_norm"), std::nullopt);
}

TEST(LayerOptions, HoldEveryLayerOfTheList) {
  EXPECT_EQ(layer_types().size(), 15U);  // a new layer belongs into the lists above
}

}  // namespace
}  // namespace halfwave
