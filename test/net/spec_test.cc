// Nets as text: what is wrong is said with its line, what is right comes back as it was.
#include "halfwave/net/spec.h"

#include <gtest/gtest.h>

#include "halfwave/layer/convolution.h"
#include "halfwave/net/built_in.h"
#include "net_testing.h"

namespace halfwave {
namespace {

std::string error_of(const std::string& toml) {
  return message([&] { parse_net(toml, "my.toml"); });
}

TEST(Spec, NamesTheLineOfASyntaxError) {
  EXPECT_TRUE(error_of("input = [1, 1, 1]\nlayers = [ 'relu' ").starts_with("my.toml, line 2: "));
  EXPECT_TRUE(error_of("input = [1, 1, 1]\n\nlayers == 3").starts_with("my.toml, line 3: "));
  EXPECT_TRUE(error_of("name = \"\xff\"").starts_with("my.toml, line 1: "));
  for (const std::string text : {"\"", "[", "}", "a = ", "= 3", "a = 1\na = 2", "input = [1, 1, 1"}) {
    const std::string error = error_of(text);
    EXPECT_TRUE(error.starts_with("my.toml, line ")) << text << ": " << error;
    EXPECT_EQ(error.find('\n'), std::string::npos) << text << ": " << error;
  }
}

struct WrongSpec {
  const char* toml;
  const char* message;
};

const WrongSpec wrong_specs[] = {
    {"", "my.toml: 'input' is missing: expected [height, width, channels]"},
    {"input = [1, 1, 1]", "my.toml: 'layers' is missing: expected an array of layers"},
    {"input = [1, 1, 1]\nlayers = 'relu'", "my.toml: 'layers' is missing: expected an array of layers"},
    {"input = [1, 1, 1]\nlayer = ['relu']", "my.toml, line 2: unknown key 'layer'; did you mean 'layers'?"},
    {"\ncolour = 1", "my.toml, line 2: unknown key 'colour'"},
    {"name = 3", "my.toml, line 1: 'name': expected a text in quotes"},
    {"name = 'a'\nloss = true", "my.toml, line 2: 'loss': expected a text in quotes"},
    {"activation = ['relu']", "my.toml, line 1: 'activation': expected a text in quotes"},
    {"input = 3", "my.toml, line 1: 'input': expected [height, width, channels], each at least 1"},
    {"input = [1, 2]", "my.toml, line 1: 'input': expected [height, width, channels], each at least 1"},
    {"input = [1, 2, 0]", "my.toml, line 1: 'input': expected [height, width, channels], each at least 1"},
    {"input = [1, 2, 1048577]",
     "my.toml, line 1: 'input': expected [height, width, channels], each at least 1"},
    {"input = [1, 2, '3']", "my.toml, line 1: expected whole numbers"},
    {"input = [1, 2, 3.0]", "my.toml, line 1: expected whole numbers"},
    {"input = [1, 1, 1]\nlayers = [\n  3 ]",
     "my.toml, line 3: expected a layer, as in \"relu\" or { conv = 6, kernel = 5 }"},
    {"input = [1, 1, 1]\nlayers = [\n  {} ]",
     "my.toml, line 3: expected a layer, as in \"relu\" or { conv = 6, kernel = 5 }"},
    {"input = [1, 1, 1]\nlayers = [ 'relu',\n  { conv = 3, linear = 4 } ]",
     "my.toml, line 3: two layers in one: 'conv' and 'linear'"},
    {"input = [1, 1, 1]\nlayers = [ { covn = 3 } ]",
     "my.toml, line 2: unknown layer 'covn'; did you mean 'conv'?"},
    {"input = [1, 1, 1]\nlayers = [ { zzzzzzzz = 3 } ]",
     "my.toml, line 2: no layer is named here; expected one of conv, linear, max_pool, avg_pool, "
     "global_avg_pool, "
     "batch_norm, local_response_norm, dropout, flatten, add, concat, maxout, prelu, softmax, log_softmax, "
     "or layer "
     "= \"relu\""},
    {"input = [1, 1, 1]\nlayers = [\n\n { conv = 1,\n kernel = { a = 1 } } ]", "my.toml, line 4: "},
    {"input = [1, 1, 1]\nlayers = [ { conv = 1, kernel = 1979-05-27 } ]",
     "my.toml, line 2: expected a number, true or false, a text, or [height, width]"},
    {"input = [1, 1, 1]\nlayers = [ { conv = 1, kernel = [1, 'a'] } ]",
     "my.toml, line 2: expected whole numbers"},
    {"input = [1, 1, 1]\nlayers = [ { add = 3 } ]",
     "my.toml, line 2: expected the name of a layer, or several as in [\"a\", \"b\"]"},
    {"input = [1, 1, 1]\nlayers = [ { concat = [] } ]",
     "my.toml, line 2: expected the name of a layer, or several as in [\"a\", \"b\"]"},
    {"input = [1, 1, 1]\nlayers = [ { conv = 1, from = 7 } ]",
     "my.toml, line 2: expected the name of a layer, or several as in [\"a\", \"b\"]"},
    {"input = [1, 1, 1]\nlayers = [ { conv = 1, name = 7 } ]",
     "my.toml, line 2: 'name': expected a text in quotes"},
};

TEST(Spec, SaysWhatIsWrongAndWhere) {
  for (const WrongSpec& wrong : wrong_specs) {
    const std::string error = error_of(wrong.toml);
    EXPECT_TRUE(error.starts_with(wrong.message))
        << wrong.toml << "\ngot " << error << "\nexpected " << wrong.message;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  }
}

// A name that is no text is an error wherever it stands, not a shorter list.
TEST(Spec, TakesOnlyNamesAsInputs) {
  EXPECT_NE(error_of("input = [1, 1, 1]\nlayers = [ { add = ['input', 3, 'input'] } ]"), "no error");
}

TEST(Spec, RefusesDeepNesting) {
  EXPECT_EQ(error_of("a = " + std::string(100'000, '[')), "my.toml: nested too deeply");
  std::string tables = "a = ";
  for (int i = 0; i < 100'000; ++i) tables += "{a=";
  EXPECT_EQ(error_of(tables), "my.toml: nested too deeply");
  std::string dotted = "a";
  for (int i = 0; i < 200'000; ++i) dotted += ".a";
  EXPECT_EQ(error_of(dotted + " = 1"), "my.toml: nested too deeply");
  EXPECT_EQ(error_of("[" + dotted + "]"), "my.toml: nested too deeply");
}

void expect_round_trip(const NetSpec& spec) {
  const std::string text = to_toml(spec);
  const NetSpec back = parse_net(text, "text");
  // TOML keeps no order of keys; once read, the text stays as it is.
  EXPECT_EQ(to_toml(parse_net(to_toml(back), "text")), to_toml(back));
  EXPECT_EQ(back.name, spec.name);
  EXPECT_EQ(back.input, spec.input);
  EXPECT_EQ(back.activation, spec.activation);
  EXPECT_EQ(back.loss, spec.loss);
  ASSERT_EQ(back.layers.size(), spec.layers.size());
  for (std::size_t i = 0; i < spec.layers.size(); ++i) {
    EXPECT_EQ(back.layers[i].type, spec.layers[i].type) << i;
    EXPECT_EQ(back.layers[i].name, spec.layers[i].name) << i;
    EXPECT_EQ(back.layers[i].from, spec.layers[i].from) << i;
    OptionList expected = spec.layers[i].options;
    OptionList got = back.layers[i].options;
    std::sort(expected.begin(), expected.end());
    std::sort(got.begin(), got.end());
    EXPECT_EQ(got, expected) << i;
  }
}

TEST(Spec, ComesBackFromItsText) {
  for (const BuiltInNet& net : built_in_nets()) {
    SCOPED_TRACE(net.name);
    expect_round_trip(net.make());
  }
  expect_round_trip(parse_net(R"(
    name = "quotes \" and \\ and \n and umlaut \u00fc"
    input = [1, 1048576, 3]
    activation = "leaky_relu:slope=0.1"
    loss = "mean_squared_error"
    layers = [ { conv = 6, kernel = [1, 3], bias = false, name = "a b", from = "input" }, { layer = "relu", name = "r" },
      { dropout = 1e-4 }, { dropout = 0 }, { add = ["r", "a b", "r"], name = "sum" }, { layer = "relu", from = ["sum"] },
      { batch_norm = 1e-7, momentum = 1.0 }, "add" ]
  )",
                              "test"));
}

TEST(Spec, TakesOptionsFromCode) {
  const LayerSpec spec =
      layer(ConvolutionOptions{.channels = 6, .kernel = {5, 3}, .bias = false}, "c", {"input"});
  EXPECT_EQ(spec.type, "conv");
  EXPECT_EQ(
      spec.options,
      (OptionList{{"conv", std::int64_t{6}}, {"kernel", std::vector<std::int64_t>{5, 3}}, {"bias", false}}));
}

}  // namespace
}  // namespace halfwave
