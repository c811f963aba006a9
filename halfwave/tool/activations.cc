// halfwave activations [NAME]: the catalogue as a table, and one entry in full. All that is printed comes
// from the catalogue; no activation is known by name here.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>

#include "halfwave/base/table.h"
#include "halfwave/base/text.h"
#include "halfwave/report/plot.h"
#include "halfwave/tool/command.h"
#include "halfwave/tool/terminal.h"

namespace halfwave::tool {
namespace {

using Strings = std::vector<std::string>;

struct ActivationsArguments {
  std::string activation;
  bool json = false;
};

std::string number_text(double value, int digits = 6) {
  return std::isnan(value) ? "nan" : fmt::format("{:.{}g}", value, digits);
}

std::string function_text(const ActivationInfo& info) { return fmt::format("y  = {}", info.formula); }
std::string slope_text(const ActivationInfo& info) { return fmt::format("y' = {}", info.slope_formula); }
constexpr std::size_t formula_indent = 5;

std::string range_text(const Activation& activation, int digits) {
  const auto [minimum, maximum] = activation.range();
  return fmt::format("{} to {}", number_text(minimum, digits), number_text(maximum, digits));
}

// In units in the last place; what else is allowed is absolute.
std::string error_text(const ErrorBound& bound, std::string_view unit) {
  if (bound.ulp == 0 && bound.absolute == 0) return "exact";
  if (bound.absolute == 0) return fmt::format("{:g}{}", bound.ulp, unit);
  return fmt::format("{:g}{} or {:.2g}", bound.ulp, unit, bound.absolute);
}

std::vector<double> kinks_of(const Activation& activation) {
  std::array<double, max_activation_kinks> storage;
  const std::span<const double> kinks = activation.kinks(storage);
  return {kinks.begin(), kinks.end()};
}

// An entry has two rows, of the function and of its slope. The formulas get what the other columns leave of
// the terminal's width, and go on in the next line where that is too little.
void list_activations() {
  constexpr std::size_t formula = 1;
  const Strings head{"activation", "function, slope", "range, kind", "error, ulp"};
  std::vector<Strings> rows;
  for (const ActivationInfo* info : activations()) {
    Strings parameters;
    for (const ActivationParameter& parameter : info->parameters)
      parameters.push_back(fmt::format("{}={}", parameter.name, number_text(parameter.initial)));
    rows.push_back({std::string(info->name), function_text(*info),
                    range_text(Activation::parse(info->name), 3), error_text(info->forward_error, "")});
    rows.push_back({fmt::format("{}{}", parameters.empty() ? "" : ":", fmt::join(parameters, ",")),
                    slope_text(*info), std::string(to_string(info->kind)),
                    error_text(info->backward_error, "")});
  }
  constexpr std::size_t narrowest = 25;
  constexpr std::size_t gap = 2;
  std::size_t others = 0;
  for (std::size_t c = 0; c < head.size(); ++c) {
    std::size_t widest = head[c].size();
    for (const Strings& row : rows) widest = std::max(widest, row[c].size());
    others += c == formula ? 0 : widest + gap;
  }
  const std::size_t width = std::max(terminal_width(STDOUT_FILENO), others + narrowest);
  Table table(head);
  for (Strings& row : rows) {
    for (std::string& line : wrapped(row[formula], width - others, formula_indent)) {
      row[formula] = std::move(line);
      table.add(std::exchange(row, Strings(head.size())));
    }
  }
  fmt::print(
      "{}\nParameters have their defaults. An error is in units in the last place of a\n"
      "32-bit float; with \"or\", the larger of this and an absolute one.\n"
      "halfwave activations NAME explains one; halfwave plot NAME... draws some.\n",
      table.text());
}

std::string_view meaning(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::ridge:
      return "acts on a linear combination of the inputs";
    case ActivationKind::radial:
      return "acts on a distance";
    case ActivationKind::fold:
      return "joins several inputs";
  }
  return "";
}

// What the kernels make of inputs that are seldom thought of.
std::string special_values(const Activation& activation) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const std::array x{-infinity, -0.0F, 0.0F, infinity, std::numeric_limits<float>::quiet_NaN()};
  std::array<float, x.size()> y{};
  activation.forward(x.data(), y.data(), x.size());
  std::array<float, x.size()> slope{};
  slope.fill(1);
  const float* saved = activation.info().backward_from_y ? y.data() : x.data();
  activation.backward(saved, slope.data(), slope.data(), slope.size());
  Table table({"x", "-inf", "-0", "+0", "+inf", "nan"});
  for (const auto& [name, values] : {std::pair("y", y), std::pair("y'", slope)}) {
    Strings row{name};
    for (const float value : values) row.push_back(number_text(value));
    table.add(row);
  }
  table.align_right({1, 2, 3, 4, 5});
  return table.text();
}

void show(const Activation& activation) {
  const ActivationInfo& info = activation.info();
  const std::size_t width = terminal_width(STDOUT_FILENO);
  constexpr std::size_t indent = 17;
  const auto line = [&](std::string_view name, std::string_view text, std::size_t more = 0) {
    const Strings lines = wrapped(fmt::format("{:{}}{}", name, indent, text), width, indent + more);
    fmt::print("{}\n", fmt::join(lines, "\n"));
  };
  fmt::print("{}\n\n", activation.text());
  line("function", function_text(info), formula_indent);
  line("slope", slope_text(info), formula_indent);
  line("source", info.source);
  line("kind", fmt::format("{}: {}", to_string(info.kind), meaning(info.kind)));
  line("range", range_text(activation, 6));
  const std::vector<double> kinks = kinks_of(activation);
  line("kinks", kinks.empty() ? "none" : fmt::format("at x = {:.6g}", fmt::join(kinks, ", ")));
  if (info.parameters.empty()) line("parameters", "none");
  for (std::size_t i = 0; i < info.parameters.size(); ++i) {
    const ActivationParameter& parameter = info.parameters[i];
    line(i == 0 ? "parameters" : "",
         fmt::format("{} = {} (default {}, from {} to {}): {}", parameter.name,
                     number_text(activation.parameters()[i]), number_text(parameter.initial),
                     number_text(parameter.minimum), number_text(parameter.maximum), parameter.meaning));
  }
  line("backward reads", info.backward_from_y ? "y, the output" : "x, the input");
  line("weights before", fmt::format("{}: normal with variance {}", to_string(info.initialisation),
                                     variance_formula(info.initialisation)));
  line("saturates",
       info.saturates ? "yes: the slope tends to 0 on both sides, gradients vanish in deep nets" : "no");
  line("error up to", fmt::format("y: {}; y': {}", error_text(info.forward_error, " ulp"),
                                  error_text(info.backward_error, " ulp")));
  fmt::print("\n{}\n{}", special_values(activation),
             activation_plot_text(std::span(&activation, 1), {}, width));
}

// The decimal number that a person would write for the float: 0.01, not 0.009999999776.
double written(float value) { return std::stod(fmt::format("{}", value)); }

// Infinity becomes null in the text.
nlohmann::ordered_json to_json(const Activation& activation) {
  using Json = nlohmann::ordered_json;
  const ActivationInfo& info = activation.info();
  Json parameters = Json::array();
  for (std::size_t i = 0; i < info.parameters.size(); ++i) {
    const ActivationParameter& parameter = info.parameters[i];
    parameters.push_back({{"name", parameter.name},
                          {"value", written(activation.parameters()[i])},
                          {"default", written(parameter.initial)},
                          {"minimum", written(parameter.minimum)},
                          {"maximum", written(parameter.maximum)},
                          {"meaning", parameter.meaning}});
  }
  const auto bound = [](const ErrorBound& error) {
    return Json{{"ulp", error.ulp}, {"absolute", error.absolute}};
  };
  const auto [minimum, maximum] = activation.range();
  return {{"name", info.name},
          {"formula", info.formula},
          {"slope", info.slope_formula},
          {"source", info.source},
          {"kind", to_string(info.kind)},
          {"parameters", parameters},
          {"range", {minimum, maximum}},
          {"kinks", kinks_of(activation)},
          {"backward_from", info.backward_from_y ? "y" : "x"},
          {"saturates", info.saturates},
          {"initialisation", to_string(info.initialisation)},
          {"bounds", {{"forward", bound(info.forward_error)}, {"backward", bound(info.backward_error)}}}};
}

void print_json(const nlohmann::ordered_json& json) { fmt::print("{}\n", json.dump()); }

void run(const ActivationsArguments& options) {
  if (!options.activation.empty()) {
    const Activation activation = usage([&] { return Activation::parse(options.activation); });
    options.json ? print_json(to_json(activation)) : show(activation);
    return;
  }
  if (!options.json) return list_activations();
  auto all = nlohmann::ordered_json::array();
  for (const ActivationInfo* info : activations()) all.push_back(to_json(Activation::parse(info->name)));
  print_json(all);
}

}  // namespace

void add_activations(CLI::App& app) {
  auto* command =
      app.add_subcommand("activations", "List the activations, or explain one: formula, slope, errors, plot");
  auto options = std::make_shared<ActivationsArguments>();
  command->add_option("NAME", options->activation, "One of them, with parameters where they matter");
  command->add_flag("--json", options->json, "Print a JSON array of all, or one JSON object");
  command->footer(
      "Examples:\n"
      "  halfwave activations\n"
      "  halfwave activations gelu\n"
      "  halfwave activations leaky_relu:slope=0.1\n"
      "  halfwave activations --json");
  command->callback([options] { run(*options); });
}

}  // namespace halfwave::tool
