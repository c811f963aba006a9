// halfwave bench activations [NAME...]: what a value costs in each pass, beside a memory copy and ReLU.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "halfwave/base/file.h"
#include "halfwave/base/parallel.h"
#include "halfwave/base/table.h"
#include "halfwave/report/bar_chart.h"
#include "halfwave/tool/activation_timer.h"
#include "halfwave/tool/command.h"

namespace halfwave::tool {
namespace {

constexpr std::int64_t largest_size = std::int64_t{1} << 30;

struct BenchActivationsArguments {
  std::vector<std::string> names;
  std::vector<std::int64_t> sizes{1 << 14, 1 << 24};  // in the cache of a core, and beyond all caches
  double seconds = 0.4;
  bool in_place = false;
  bool masks = false;
  bool json = false;
  std::string svg;
  int threads = 0;
};

// Nanoseconds a value.
struct Cost {
  const Activation* activation;
  double forward;
  double backward;
};

// What was measured with arrays of one size. The costs are in the order of the activations.
struct SizeResult {
  std::int64_t n;
  double copy;
  std::vector<Cost> costs;
  std::size_t relu;  // its place in costs

  const Cost& yardstick() const { return costs.at(relu); }
};

// Those asked for, or all of the catalogue that can be; ReLU is always among them.
std::vector<Activation> chosen(const std::vector<std::string>& names, bool masks) {
  std::vector<Activation> all;
  all.reserve(names.size() + 1);
  for (const std::string& name : names) {
    all.push_back(usage([&] { return Activation::parse(name); }));
    if (masks && !all.back().info().backward_from_mask)
      throw UsageError(fmt::format("--masks: the slope of {} has more than two values", name));
  }
  if (names.empty()) {
    for (const ActivationInfo* info : activations())
      if (!masks || info->backward_from_mask) all.push_back(Activation::parse(info->name));
  }
  const Activation relu = Activation::parse("relu");
  if (std::find(all.begin(), all.end(), relu) == all.end()) all.insert(all.begin(), relu);
  return all;
}

void print_json(const BenchActivationsArguments& options, std::int64_t n, const std::string& name,
                const char* pass, bool in_place, double cost) {
  if (!options.json) return;
  const nlohmann::ordered_json line{
      {"activation", name},        {"pass", pass},         {"n", n},
      {"threads", thread_count()}, {"in_place", in_place}, {"ns_per_value", cost}};
  fmt::print("{}\n", line.dump());
  std::fflush(stdout);
}

SizeResult measure(const BenchActivationsArguments& options, const std::vector<Activation>& all,
                   std::int64_t n) {
  ActivationTimer timer({.n = static_cast<std::size_t>(n),
                         .in_place = options.in_place,
                         .masks = options.masks,
                         .seconds = options.seconds});
  SizeResult result{.n = n, .copy = timer.copy(), .costs = {}, .relu = 0};
  print_json(options, n, "copy", "forward", false, result.copy);
  for (const Activation& activation : all) {
    if (activation.info().name == "relu") result.relu = result.costs.size();
    const Cost cost{&activation, timer.forward(activation), timer.backward(activation)};
    print_json(options, n, activation.text(), options.masks ? "forward_mask" : "forward", options.in_place,
               cost.forward);
    print_json(options, n, activation.text(), options.masks ? "backward_mask" : "backward", options.in_place,
               cost.backward);
    result.costs.push_back(cost);
  }
  return result;
}

std::string title(const BenchActivationsArguments& options, std::int64_t n) {
  return fmt::format("{} values ({}), {}{}", count_text(static_cast<std::size_t>(n)),
                     bytes_text(static_cast<std::size_t>(n) * sizeof(float)),
                     options.in_place ? "in place" : "out of place",
                     options.masks ? ", backward from a bit a value" : "");
}

void print_table(const BenchActivationsArguments& options, const SizeResult& result) {
  Table table(
      {"activation", "forward ns/value", "x copy", "x relu", "backward ns/value", "x copy", "x relu"});
  table.align_right({1, 2, 3, 4, 5, 6});
  const Cost& relu = result.yardstick();
  const auto times = [](double a, double b) { return fmt::format("{:.2f}", a / b); };
  for (const Cost& cost : result.costs) {
    table.add({cost.activation->text(), fmt::format("{:.3f}", cost.forward), times(cost.forward, result.copy),
               times(cost.forward, relu.forward), fmt::format("{:.3f}", cost.backward),
               times(cost.backward, result.copy), times(cost.backward, relu.backward)});
  }
  fmt::print("{}, {} threads; a memory copy takes {:.3f} ns/value\n{}\n", title(options, result.n),
             thread_count(), result.copy, table.text());
  std::fflush(stdout);
}

// From which one reads that max(0, x) is cheaper than 1 / (1 + exp(-x)), where those two were measured.
void print_conclusion(const BenchActivationsArguments& options, const SizeResult& result) {
  if (result.costs.size() == 1) return;
  const Cost& relu = result.yardstick();
  const Cost& dearest = *std::max_element(
      result.costs.begin(), result.costs.end(),
      [&](const Cost& a, const Cost& b) { return &b != &relu && (&a == &relu || a.forward < b.forward); });
  const ActivationInfo& info = dearest.activation->info();
  fmt::print("With {}: {}, {}, takes {:.1f} times as long as {}, {}, forward and {:.1f} times backward.\n",
             title(options, result.n), info.name, info.formula, dearest.forward / relu.forward,
             relu.activation->info().name, relu.activation->info().formula, dearest.backward / relu.backward);
}

void write_picture(const BenchActivationsArguments& options, const std::vector<SizeResult>& results) {
  BarChart chart{.title = fmt::format("Activations: ns a value, {} threads", thread_count()),
                 .series = {"forward", "backward"},
                 .panels = {}};
  for (const SizeResult& result : results) {
    BarPanel panel{.title = title(options, result.n), .rows = {}};
    panel.rows.push_back({.name = "memory copy", .values = {result.copy}, .marked = true});
    for (const Cost& cost : result.costs) {
      panel.rows.push_back({.name = cost.activation->text(),
                            .values = {cost.forward, cost.backward},
                            .marked = &cost == &result.yardstick()});
    }
    chart.panels.push_back(std::move(panel));
  }
  write_file(options.svg, bar_chart_svg(chart));
}

void run(const BenchActivationsArguments& options) {
  use_threads(options.threads);
  if (std::isnan(options.seconds))
    throw UsageError("--seconds: expected a number from 0.001 to 3600, got nan");
  const std::vector<Activation> all = chosen(options.names, options.masks);
  std::vector<SizeResult> results;
  for (const std::int64_t n : options.sizes) {
    results.push_back(measure(options, all, n));
    if (!options.json) print_table(options, results.back());
  }
  if (!options.json) print_conclusion(options, results.front());
  if (!options.svg.empty()) write_picture(options, results);
}

}  // namespace

void add_bench_activations(CLI::App& bench) {
  auto* command =
      bench.add_subcommand("activations", "What a value costs in each activation, beside a memory copy");
  auto options = std::make_shared<BenchActivationsArguments>();
  command->add_option("NAME", options->names,
                      "Activations, as in leaky_relu:slope=0.1 (default: all; relu is always measured too)");
  command->add_option("--n", options->sizes, "Sizes of the arrays, in values, with commas between them")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{1}, largest_size));
  command->add_option("--seconds", options->seconds, "How long to measure each figure")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 3600.0));
  command->add_flag("--in-place", options->in_place, "Write y over x, and dx over dy");
  command->add_flag(
      "--masks", options->masks,
      "Let forward write a bit a value, and backward read only that and dy (slopes with two values)");
  command->add_flag("--json", options->json, "Print one JSON object a line, one a figure");
  command->add_option("--svg", options->svg, "Also write a picture of it there");
  add_threads(*command, options->threads);
  command->footer(
      "Examples:\n"
      "  halfwave bench activations\n"
      "  halfwave bench activations relu sigmoid --threads 1\n"
      "  halfwave bench activations --n 256,16384 --in-place --json\n"
      "  halfwave bench activations --svg activations.svg\n"
      "  halfwave bench activations relu --masks\n"
      "Out of place, the results go to other arrays than the input; the median of readings of about 1 ms\n"
      "counts. \"x copy\" is the time by that of a memory copy of as many values with as many threads, \"x "
      "relu\"\n"
      "by that of relu's same pass.");
  command->callback([options] { run(*options); });
}

}  // namespace halfwave::tool
