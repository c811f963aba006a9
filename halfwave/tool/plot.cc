// halfwave plot ACTIVATION...: functions and their derivatives, in the terminal or as an SVG picture.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>

#include "halfwave/base/file.h"
#include "halfwave/report/plot.h"
#include "halfwave/tool/command.h"
#include "halfwave/tool/terminal.h"

namespace halfwave::tool {
namespace {

struct PlotArguments {
  std::vector<std::string> activations;
  std::string range = "-5:5";
  std::optional<std::string> svg;
};

std::vector<Activation> parse_activations(const std::vector<std::string>& texts) {
  if (texts.size() > max_plotted_activations) {
    throw UsageError(
        fmt::format("plot: expected at most {} activations, got {}", max_plotted_activations, texts.size()));
  }
  std::vector<Activation> result;
  for (const std::string& text : texts) {
    const Activation activation = usage([&] { return Activation::parse(text); });
    if (std::ranges::find(result, activation) != result.end())
      throw UsageError(fmt::format("plot: '{}' is given twice", activation.text()));
    result.push_back(activation);
  }
  return result;
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc() || stop != end) return std::nullopt;
  return value;
}

PlotRange parse_range(const std::string& text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto low = parse_number(std::string_view(text).substr(0, colon));
  const auto high = parse_number(std::string_view(text).substr(std::min(colon + 1, text.size())));
  // Written so that nan fails.
  if (low && high && *low >= -PlotRange::limit && *high <= PlotRange::limit &&
      *high - *low >= PlotRange::shortest) {
    return {*low, *high};
  }
  throw UsageError(
      fmt::format("--range: expected LOW:HIGH from {} to {}, HIGH larger by {} or more, as in -5:5, got '{}'",
                  -PlotRange::limit, PlotRange::limit, PlotRange::shortest, text));
}

void run(const PlotArguments& options) {
  const std::vector<Activation> activations = parse_activations(options.activations);
  const PlotRange range = parse_range(options.range);
  if (!options.svg) {
    fmt::print("{}", activation_plot_text(activations, range, terminal_width(STDOUT_FILENO)));
    return;
  }
  write_file(*options.svg, activation_plot_svg(activations, range));
  fmt::print("picture written to {}\n", *options.svg);
}

}  // namespace

void add_plot(CLI::App& app) {
  auto* command = app.add_subcommand("plot", "Draw activations and their derivatives");
  auto options = std::make_shared<PlotArguments>();
  command
      ->add_option("ACTIVATION", options->activations,
                   fmt::format("One to {} of `halfwave activations`, with parameters where they matter",
                               max_plotted_activations))
      ->required();
  command->add_option("--range", options->range, "The x to draw, LOW:HIGH")->capture_default_str();
  command->add_option("--svg", options->svg, "Write an SVG picture to this file instead");
  command->footer(
      "Examples:\n"
      "  halfwave plot relu leaky_relu:slope=0.1 tanh\n"
      "  halfwave plot gelu --range -3:3\n"
      "  halfwave plot relu leaky_relu:slope=0.1 tanh --svg activations.svg");
  command->callback([options] { run(*options); });
}

}  // namespace halfwave::tool
