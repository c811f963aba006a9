// The catalogue as the tool shows it: nothing left out, for people and as JSON.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "halfwave/activation/activation.h"
#include "sample.h"

namespace halfwave {
namespace {

using Json = nlohmann::json;

// On a terminal as wide as any formula.
std::string wide(const Strings& arguments) {
  const Result result = run_tool({.terminal = true, .columns = 250}, arguments);
  EXPECT_EQ(result.status, 0) << result.out;
  std::string out = result.out;
  std::erase(out, '\r');
  return out;
}

void expect_parts(const std::string& text, const Strings& parts) {
  for (const std::string& part : parts)
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
}

TEST(Activations, ListsEveryEntry) {
  const std::string out = wide({"activations"});
  for (const ActivationInfo* info : activations()) {
    const std::size_t begin = out.find(fmt::format("\n{} ", info->name));
    ASSERT_NE(begin, std::string::npos) << info->name;
    // Its two lines.
    const std::size_t end = out.find('\n', out.find('\n', begin + 1) + 1);
    const std::string entry = out.substr(begin, end - begin);
    expect_parts(entry, {fmt::format("y  = {} ", info->formula), fmt::format("y' = {} ", info->slope_formula),
                         fmt::format(" {} ", to_string(info->kind))});
    for (const ErrorBound& bound : {info->forward_error, info->backward_error})
      expect_parts(entry,
                   {bound.ulp == 0 && bound.absolute == 0 ? "  exact" : fmt::format("  {:g}", bound.ulp)});
    for (const ActivationParameter& parameter : info->parameters)
      expect_parts(entry, {fmt::format("{}={:.6g}", parameter.name, parameter.initial)});
  }
  expect_parts(out, {"  0 to inf  ", "  -1 to 1  ", "  -0.17 to inf  "});
}

TEST(Activations, TheListFitsATerminalAndLosesNothing) {
  const Result narrow = run_tool({}, {"activations"});
  EXPECT_EQ(narrow.status, 0) << narrow.err;
  EXPECT_EQ(narrow.out.find('\x1b'), std::string::npos);
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = narrow.out.find('\n', begin)) != std::string::npos; begin = end + 1)
    EXPECT_LE(end - begin, 80U) << narrow.out.substr(begin, end - begin);
  for (const ActivationInfo* info : activations()) {
    for (const std::string_view formula : {info->formula, info->slope_formula}) {
      for (std::size_t at = 0; at < formula.size();) {
        const std::size_t end = std::min(formula.find(' ', at), formula.size());
        expect_parts(narrow.out, {std::string(formula.substr(at, end - at))});
        at = end + 1;
      }
    }
  }
}

TEST(Activations, ExplainsEveryEntry) {
  for (const ActivationInfo* info : activations()) {
    const std::string out = wide({"activations", std::string(info->name)});
    EXPECT_EQ(out.rfind(fmt::format("{}\n", info->name), 0), 0U) << out;
    expect_parts(
        out, {fmt::format("function         y  = {}\n", info->formula),
              fmt::format("slope            y' = {}\n", info->slope_formula),
              fmt::format("source           {}\n", info->source),
              fmt::format("kind             {}: acts on a ", to_string(info->kind)), "\nrange            ",
              "\nkinks            ", "\nparameters       ",
              fmt::format("backward reads   {}", info->backward_from_y ? "y, the output" : "x, the input"),
              fmt::format("weights before   {}: normal with variance ", to_string(info->initialisation)),
              fmt::format("saturates        {}", info->saturates ? "yes" : "no"),
              "\nerror up to      y: ", "x   ", "-inf", "-0", "+0", "+inf", "nan\n", "f(x)", "f'(x)"});
    for (const ActivationParameter& parameter : info->parameters)
      expect_parts(out, {fmt::format(" {0} = {1:.6g} (default {1:.6g}, from {2:.6g} to {3:.6g}): {4}\n",
                                     parameter.name, parameter.initial, parameter.minimum, parameter.maximum,
                                     parameter.meaning)});
  }
}

TEST(Activations, ExplainsOneWithItsParameters) {
  expect_parts(wide({"activations", "leaky_relu:slope=0.1"}),
               {"leaky_relu:slope=0.1\n", "slope = 0.1 (default 0.01, from 0 to 1e+06): slope for x < 0\n",
                "kinks            at x = 0\n", "range            -inf to inf\n",
                "x   -inf   -0   +0  +inf  nan\n", "y   -inf   -0    0   inf  nan\n",
                "y'   0.1  0.1  0.1     1  nan\n", "error up to      y: exact; y': exact\n"});
  expect_parts(
      wide({"activations", "hard_tanh:minimum=-2"}),
      {"range            -2 to 1\n", "at x = -2, 1\n", "minimum = -2 (default -1,", "yes: the slope tends"});
  expect_parts(wide({"activations", "tanh"}), {"error up to      y: 1.1 ulp; y': 1 ulp or 4.8e-07\n",
                                               "kinks            none\n", "parameters       none\n"});
}

void expect_json(const Json& json, const ActivationInfo& info) {
  const Activation activation = Activation::parse(info.name);
  EXPECT_EQ(json.size(), 12U);
  EXPECT_EQ(json.at("name"), info.name);
  EXPECT_EQ(json.at("formula"), info.formula);
  EXPECT_EQ(json.at("slope"), info.slope_formula);
  EXPECT_EQ(json.at("source"), info.source);
  EXPECT_EQ(json.at("kind"), to_string(info.kind));
  EXPECT_EQ(json.at("backward_from"), info.backward_from_y ? "y" : "x");
  EXPECT_EQ(json.at("saturates"), info.saturates);
  EXPECT_EQ(json.at("initialisation"), to_string(info.initialisation));
  ASSERT_EQ(json.at("parameters").size(), info.parameters.size());
  for (std::size_t i = 0; i < info.parameters.size(); ++i) {
    const Json& parameter = json.at("parameters")[i];
    EXPECT_EQ(parameter.size(), 6U);
    EXPECT_EQ(parameter.at("name"), info.parameters[i].name);
    EXPECT_EQ(parameter.at("value").get<float>(), info.parameters[i].initial);
    EXPECT_EQ(parameter.at("default").get<float>(), info.parameters[i].initial);
    EXPECT_EQ(parameter.at("minimum").get<float>(), info.parameters[i].minimum);
    EXPECT_EQ(parameter.at("maximum").get<float>(), info.parameters[i].maximum);
    EXPECT_EQ(parameter.at("meaning"), info.parameters[i].meaning);
  }
  ASSERT_EQ(json.at("range").size(), 2U);
  const auto [minimum, maximum] = activation.range();
  EXPECT_EQ(json.at("range")[0], std::isinf(minimum) ? Json() : Json(minimum));
  EXPECT_EQ(json.at("range")[1], std::isinf(maximum) ? Json() : Json(maximum));
  std::array<double, max_activation_kinks> storage;
  const std::span<const double> kinks = activation.kinks(storage);
  EXPECT_EQ(json.at("kinks"), Json(std::vector<double>(kinks.begin(), kinks.end())));
  const auto bound = [](const ErrorBound& error) {
    return Json{{"ulp", error.ulp}, {"absolute", error.absolute}};
  };
  EXPECT_EQ(json.at("bounds"),
            (Json{{"forward", bound(info.forward_error)}, {"backward", bound(info.backward_error)}}));
}

TEST(Activations, PrintsEveryEntryAsJson) {
  const Result result = run_tool({}, {"activations", "--json"});
  EXPECT_EQ(result.status, 0) << result.err;
  const Json all = Json::parse(result.out);
  ASSERT_EQ(all.size(), activations().size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(activations()[i]->name);
    expect_json(all[i], *activations()[i]);
  }
}

TEST(Activations, PrintsOneAsJson) {
  expect_json(Json::parse(run_tool({}, {"activations", "selu", "--json"}).out),
              Activation::parse("selu").info());
  const Result result = run_tool({}, {"activations", "--json", "leaky_relu:slope=0.1"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 1);
  expect_parts(result.out, {R"("parameters":[{"name":"slope","value":0.1,"default":0.01,"minimum":0.0,)",
                            R"("range":[null,null],"kinks":[0.0],"backward_from":"y")"});
}

TEST(Activations, SaysWhatIsWrong) {
  expect_error(run_tool({}, {"activations", "rellu"}), 2,
               {"unknown activation 'rellu'; did you mean 'relu'?"});
  expect_error(run_tool({}, {"activations", "leaky_relu:slop=1", "--json"}), 2, {"did you mean 'slope'?"});
  expect_error(run_tool({}, {"activations", "relu", "tanh"}), 2, {"tanh"});
}

}  // namespace
}  // namespace halfwave
