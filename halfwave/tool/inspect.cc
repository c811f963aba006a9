// halfwave inspect RUN [DATA]: the health of every layer and unit, the gradients, and what is wrong.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "halfwave/base/table.h"
#include "halfwave/inspect/finding.h"
#include "halfwave/inspect/health.h"
#include "halfwave/inspect/training_finding.h"
#include "halfwave/report/health_report.h"
#include "halfwave/tool/command.h"
#include "halfwave/tool/model_data.h"
#include "halfwave/tool/progress_bar.h"
#include "halfwave/tool/run_record.h"
#include "halfwave/train/run_folder.h"

namespace halfwave::tool {
namespace {

struct InspectArguments {
  std::string run;
  std::string data;
  std::vector<std::string> rules{"sagemaker", "autotrainer"};
  std::vector<std::string> thresholds;
  std::int64_t images = 0;
  bool json = false;
  bool csv = false;
  bool strict = false;
  bool training = false;
  std::string kernels = "auto";
  int threads = 0;
  DataChoice data_choice;
};

struct Inspected {
  Inspection health;
  std::vector<Finding> findings;
  Thresholds thresholds;
  std::string data;
  bool has_classes = true;  // else numbers are learned
};

nlohmann::ordered_json json_of(const Histogram& histogram) {
  return {{"least", Histogram::least},
          {"small", histogram.small},
          {"negative", histogram.negative},
          {"positive", histogram.positive}};
}

void print_json(const Inspected& in) {
  nlohmann::ordered_json json{{"data", in.data},
                              {"images", in.health.sum.images},
                              {"loss", in.health.sum.mean_loss()},
                              {"layers", nlohmann::ordered_json::array()},
                              {"gradient", nlohmann::ordered_json::object()},
                              {"findings", nlohmann::ordered_json::array()}};
  if (in.has_classes) json["accuracy"] = in.health.sum.accuracy();
  for (const LayerHealth& layer : in.health.layers) {
    json["layers"].push_back({{"name", layer.name},
                              {"kind", layer.kind},
                              {"activation", layer.activation},
                              {"units", layer.units.size()},
                              {"zero_share", layer.zero_share},
                              {"mean_magnitude", layer.mean_magnitude},
                              {"variance", layer.variance},
                              {"off_centre", layer.off_centre},
                              {"dead", dead_units(layer, in.thresholds)},
                              {"dormant", dormant_units(layer, in.thresholds)},
                              {"saturated", saturated_units(layer, in.thresholds)},
                              {"histogram", json_of(layer.histogram)}});
  }
  auto& gradient = json["gradient"];
  gradient["images"] = in.health.gradient_images;
  const std::optional<double> ratio = in.health.gradient_ratio();
  gradient["first_by_last"] = ratio ? nlohmann::ordered_json(*ratio) : nlohmann::ordered_json();
  gradient["layers"] = nlohmann::ordered_json::array();
  for (const LayerGradient& layer : in.health.gradients) {
    nlohmann::ordered_json row{{"name", layer.name},
                               {"norm", layer.norm},
                               {"mean_magnitude", layer.mean_magnitude},
                               {"zero_share", layer.zero_share},
                               {"not_finite", layer.not_finite}};
    if (layer.weight_magnitude) row["weight_magnitude"] = *layer.weight_magnitude;
    if (layer.spread) row["spread"] = *layer.spread;
    if (layer.update_ratio) row["update_ratio"] = *layer.update_ratio;
    gradient["layers"].push_back(row);
  }
  for (const Finding& finding : in.findings) {
    json["findings"].push_back({{"rule", finding.rule},
                                {"rules", to_string(finding.set)},
                                {"grade", to_string(finding.grade)},
                                {"layer", finding.layer},
                                {"units", finding.units},
                                {"value", finding.value},
                                {"threshold", finding.threshold},
                                {"images", finding.images},
                                {"what", finding.what},
                                {"advice", finding.advice}});
  }
  fmt::print("{}\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

// From the lowest values to the highest.
std::string counts_text(const Histogram& histogram) {
  return fmt::format("{} {} {}", fmt::join(histogram.negative.rbegin(), histogram.negative.rend(), " "),
                     histogram.small, fmt::join(histogram.positive, " "));
}

// A row a unit.
void print_csv(const Inspection& health) {
  fmt::print(
      "layer,unit,zero_share,active_share,saturated_share,mean,variance,mean_magnitude,minimum,maximum,"
      "off_centre,dormancy_score,not_finite,histogram\n");
  for (const LayerHealth& layer : health.layers) {
    for (std::size_t i = 0; i < layer.units.size(); ++i) {
      const UnitHealth& unit = layer.units[i];
      fmt::print("{},{},{:.6f},{:.6f},{:.6f},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{},{}\n",
                 csv_cell(layer.name), i, unit.zero_share, unit.active_share, unit.saturated_share, unit.mean,
                 unit.variance, unit.mean_magnitude, unit.minimum, unit.maximum, unit.off_centre,
                 unit.dormancy_score, unit.not_finite, counts_text(unit.histogram));
    }
  }
}

void print_gradients(const Inspection& health) {
  if (health.gradients.empty()) return;
  fmt::print("{}", gradient_table(health).text());
  if (const auto ratio = health.gradient_ratio())
    fmt::print("first by last layer: {:.3g} ({} images)\n", *ratio, health.gradient_images);
  fmt::print("\n");
}

void print_findings(const Inspected& in, const std::vector<RuleSet>& sets) {
  std::vector<std::string_view> names;
  names.reserve(sets.size());
  for (const RuleSet set : sets) names.push_back(to_string(set));
  if (in.findings.empty()) {
    fmt::print("no findings ({})\n", fmt::join(names, ", "));
    return;
  }
  fmt::print("{} ({})\n", findings_text(in.findings.size()), fmt::join(names, ", "));
  for (const Finding& finding : in.findings) {
    fmt::print("- {} ({}): {}\n  {}\n", finding.rule, certainty_text(finding), finding.what, finding.advice);
  }
}

void run(const InspectArguments& options) {
  use_threads(options.threads);
  Inspected in;
  std::vector<RuleSet> sets;
  InspectOptions how{.images = options.images};
  usage([&] {
    for (const std::string& name : options.rules) sets.push_back(rule_set_by_name(name));
    for (const std::string& threshold : options.thresholds) set_threshold(in.thresholds, threshold);
    how.kernels = kernels_by_name(options.kernels);
  });
  const Model model = load_model(model_path(options.run));
  const ModelData source = model_data("inspect", options.run, options.data, model, options.data_choice);
  const auto part = open_part(source, options.training, model);
  const RunRecord record = run_record(options.run);
  if (record.config) how.training = record.config->train;
  in.data = source.name;
  in.has_classes = !part->is_regression();
  const auto images =
      static_cast<double>(options.images > 0 ? options.images : static_cast<std::int64_t>(part->size()));
  ProgressBar bar;
  SkipWarning skip;
  in.health = inspect(model.net, part, model.info, how,
                      {.on_batch =
                           [&](std::size_t done) {
                             bar.show("inspecting", std::min(static_cast<double>(done) / images, 1.0),
                                      fmt::format("{} images", done));
                             return true;
                           },
                       .on_skip = [&](const std::string& why) { skip(why); }});
  bar.clear();
  in.findings = find_faults(in.health, record.history, sets, in.thresholds);
  if (options.json) {
    print_json(in);
  } else if (options.csv) {
    print_csv(in.health);
  } else {
    const std::string accuracy =
        in.has_classes ? fmt::format("accuracy {:.2f} %, ", in.health.sum.accuracy() * 100) : "";
    fmt::print("{} on {} {} of {}: {}loss {:.4f}\n\n", options.run,
               count_text(static_cast<std::size_t>(in.health.sum.images)),
               model.info.table ? "rows" : "images", in.data, accuracy, in.health.sum.mean_loss());
    fmt::print("{}\n", health_table(in.health, in.thresholds).text());
    print_gradients(in.health);
    print_findings(in, sets);
  }
  if (options.strict && !in.findings.empty())
    throw RuleFired(
        fmt::format("{}, the first: {}", findings_text(in.findings.size()), in.findings.front().what));
}

}  // namespace

void add_inspect(CLI::App& app) {
  auto* command =
      app.add_subcommand("inspect", "See what the units of a trained net do, and what is wrong with them");
  auto options = std::make_shared<InspectArguments>();
  command->add_option("RUN", options->run, "Folder of a run (its best model) or a .safetensors file")
      ->required();
  command->add_option("DATA", options->data,
                      "Data, as in `halfwave train` (default: the test images the run was trained with)");
  command
      ->add_option(
          "--rules", options->rules,
          "Sets of rules: sagemaker (dead and saturated units, gradients), autotrainer (gradient flow), apoz "
          "(units that are nearly always 0), redo (dormant units)")
      ->capture_default_str();
  command->add_option("--threshold", options->thresholds,
                      "Where a rule draws the line, as in active_share=0.05; may be given several times");
  command->add_option("--images", options->images, "Look at so many images, drawn from all (default: all)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
  command->add_flag("--training", options->training, "Use the training images instead of the test images");
  command->add_flag("--strict", options->strict, "Return 3 where a rule fires, for scripts");
  auto* json = command->add_flag("--json", options->json, "Print one JSON object");
  command->add_flag("--csv", options->csv, "Print one CSV row a unit")->excludes(json);
  add_test_choice(*command, options->data_choice);
  add_threads(*command, options->threads);
  add_kernels(*command, options->kernels);
  command->footer(
      "A unit is a channel of a layer's maps, or an output of a linear layer; its values are those behind "
      "the activation.\n"
      "  zeros       share of values that are exactly 0\n"
      "  dead        units that are not 0 on fewer than 1 % of the images\n"
      "  dormant     units whose mean magnitude is at most 2.5 % of their layer's (ReDo)\n"
      "  saturated   units whose slope is below 1e-7 for more than 99 % of their values\n"
      "  off centre  mean by root mean square: 0 is zero-centred, +1 and -1 all of one sign\n"
      "\n"
      "Examples:\n"
      "  halfwave inspect runs/lenet5-fashion-mnist\n"
      "  halfwave inspect model.safetensors fashion-mnist --json\n"
      "  halfwave inspect runs/lenet5-fashion-mnist --rules sagemaker redo --strict\n"
      "  halfwave inspect runs/lenet5-fashion-mnist --threshold active_share=0.001 --csv");
  command->callback([options] { run(*options); });
}

}  // namespace halfwave::tool
