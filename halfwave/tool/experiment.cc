// halfwave experiment NAME: a claim, what is done about it, and a verdict from the numbers.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "halfwave/base/file.h"
#include "halfwave/base/table.h"
#include "halfwave/base/text.h"
#include "halfwave/experiment/experiment.h"
#include "halfwave/report/comparison_report.h"
#include "halfwave/tool/command.h"
#include "halfwave/tool/comparison_display.h"
#include "halfwave/tool/data_choice.h"
#include "halfwave/tool/interrupt.h"

namespace halfwave::tool {
namespace {

struct ExperimentArguments {
  std::string name;
  std::string data = "fashion-mnist";
  std::string out;
  bool full = false;
  std::int64_t seeds = 3;
  int threads = 0;
};

constexpr std::size_t text_width = 100;

void print_list() {
  for (const Experiment& each : experiments()) {
    fmt::print("{:<11}", each.name);
    const char* before = "";
    for (const std::string& line : wrapped(each.claim, text_width, 0)) {
      fmt::print("{}{}\n", before, line);
      before = "           ";
    }
  }
  fmt::print("\nhalfwave experiment NAME measures one, in minutes.\n");
}

void print_part(const char* what, std::string_view text) {
  std::string before = fmt::format("{:<9}", what);
  for (const std::string& line : wrapped(text, text_width, 0)) {
    fmt::print("{}{}\n", before, line);
    before = std::string(9, ' ');
  }
}

// The data that the experiment brings, as a file in the folder, or those that were named.
std::string data_of(const Experiment& experiment, const ExperimentArguments& options,
                    const std::filesystem::path& folder) {
  if (experiment.table == nullptr) return options.data;
  const std::filesystem::path file = folder / "data.csv";
  make_folder(folder);
  write_file(file, experiment.table());
  return file.string();
}

void run(const ExperimentArguments& options) {
  use_threads(options.threads);
  const Experiment& experiment =
      usage([&]() -> const Experiment& { return experiment_by_name(options.name); });
  std::string kind = experiment.table == nullptr ? "-" + last_name(options.data) : std::string();
  if (options.full) kind += "-full";
  const std::filesystem::path folder =
      options.out.empty() ? "runs/" + file_name(fmt::format("experiment-{}{}", experiment.name, kind))
                          : options.out;
  print_part("claim", experiment.claim);
  print_part("source", experiment.source);
  print_part("set-up", experiment.setup);
  const std::string name = data_of(experiment, options, folder);
  const DataPair data = open_shown(name, {});
  ExperimentPlan plan = experiment.plan(*data.train, options.full);
  plan.options.seeds = options.seeds;
  plan.options.setup.data = data_place(name);
  std::vector<std::string> names;
  names.reserve(plan.contestants.size());
  for (const Contestant& contestant : plan.contestants) names.push_back(contestant.name);
  print_part("here", fmt::format("{} on {} ({} + {}), {} seeds x {} epochs; in {}", fmt::join(names, ", "),
                                 data.name, count_text(data.train->size()), count_text(data.test->size()),
                                 options.seeds, plan.options.setup.train.epochs, folder.string()));
  fmt::print("\n");
  std::fflush(stdout);
  const Interrupt interrupt;
  ComparisonDisplay display;
  const Comparison comparison =
      compare(plan.contestants, data, plan.options, folder,
              [&](const ComparisonProgress& progress) { return display.show(progress); });
  display.tell(comparison);
  display.clear();
  if (!comparison.finished) {
    fmt::print("\nstopped; the same command goes on with it\n");
    return;
  }
  const Outcome outcome = experiment.judge(comparison, *data.train);
  const std::string verdict =
      fmt::format("{}: {}", outcome.holds ? "it holds" : "it does not hold here", outcome.verdict);
  write_file(folder / "results.csv", comparison_epochs_csv(comparison));
  write_file(folder / "comparison.csv", comparison_runs_csv(comparison, usual_goal(comparison)));
  write_file(folder / "figure.svg", outcome.svg);
  write_file(folder / "verdict.txt",
             fmt::format("claim: {}\nsource: {}\nset-up: {}\n\n{}\n{}\n", experiment.claim, experiment.source,
                         experiment.setup, outcome.table, verdict));
  fmt::print("\n{}\nmean (least to most) over {} seeds\n\n", outcome.table, options.seeds);
  print_part("verdict", verdict);
  fmt::print("\nfigure.svg, verdict.txt, results.csv, comparison.csv and each run are in {}\n",
             folder.string());
}

}  // namespace

void add_experiment(CLI::App& app) {
  auto* command =
      app.add_subcommand("experiment", "Measure what textbooks say of activations; a verdict at the end");
  auto options = std::make_shared<ExperimentArguments>();
  command->add_option("NAME", options->name, "One of those that are listed without it");
  command->add_option("--data", options->data, data_help)->capture_default_str();
  command->add_option("--seeds", options->seeds, "Runs of each net")
      ->capture_default_str()
      ->check(CLI::Range(3, 1000));
  command->add_flag("--full", options->full, "The long form: more epochs, or a larger net");
  command->add_option("--out", options->out, "Folder of the experiment (default: runs/experiment-NAME-DATA)");
  add_threads(*command, options->threads);
  command->footer(
      "Examples:\n"
      "  halfwave experiment\n"
      "  halfwave experiment vanishing\n"
      "  halfwave experiment alexnet --data cifar-10 --full\n"
      "Each says when its claim is said to hold, before anything is measured. Ctrl-C saves, and the same\n"
      "command goes on.");
  command->callback([options] {
    if (options->name.empty()) {
      print_list();
    } else {
      run(*options);
    }
  });
}

}  // namespace halfwave::tool
