// halfwave compare ACTIVATION...: the same net with each, trained alike and set side by side; or several
// nets.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include "halfwave/base/file.h"
#include "halfwave/base/table.h"
#include "halfwave/inspect/comparison.h"
#include "halfwave/net/built_in.h"
#include "halfwave/report/comparison_page.h"
#include "halfwave/report/comparison_report.h"
#include "halfwave/tool/command.h"
#include "halfwave/tool/comparison_display.h"
#include "halfwave/tool/data_choice.h"
#include "halfwave/tool/interrupt.h"
#include "halfwave/tool/run_page_file.h"
#include "halfwave/train/adapt.h"
#include "halfwave/train/recipe.h"

namespace halfwave::tool {
namespace {

struct CompareArguments {
  std::vector<std::string> activations;
  std::string net = "lenet5";
  std::vector<std::string> nets;
  std::string data = "fashion-mnist";
  std::string optimiser = "sgd";
  std::string schedule = "cosine";
  std::string kernels = "auto";
  std::string out;
  double to_accuracy = 0;  // per cent; of numbers that are learned R2
  double to_loss = 0;
  int threads = 0;
  DataChoice data_choice;
  ComparisonOptions comparison;
};

// With each activation, the net; else each of the nets. Opens the data that they fit.
std::vector<Contestant> contestants_of(const CompareArguments& options, DataPair& data) {
  const bool nets = !options.nets.empty();
  std::vector<Contestant> contestants;
  for (const std::string& each : nets ? options.nets : options.activations) {
    const std::string name = nets ? each : options.net;
    NetSpec spec = load_net(name);
    if (!nets) set_activation(spec, each);
    if (data.train == nullptr) {
      data = open_for_net(spec, is_built_in(name), options.data, options.data_choice);
    } else if (is_built_in(name)) {
      spec.input = data.train->shape();
      spec = adapted(spec, *data.train);
    }
    contestants.push_back({nets ? spec.name : spec.activation, std::move(spec)});
  }
  std::set<std::string> names;
  for (const Contestant& contestant : contestants) {
    if (!names.insert(contestant.name).second)
      throw UsageError(fmt::format("'{}' is named twice", contestant.name));
  }
  return contestants;
}

// The first of runs/compare-NET-DATA, runs/compare-NET-DATA-2, ... that holds nothing else than this.
std::filesystem::path free_folder(const CompareArguments& options,
                                  const std::vector<Contestant>& contestants) {
  const std::string stem =
      "runs/" +
      file_name(fmt::format("compare-{}-{}", options.nets.empty() ? contestants[0].net.name : "nets",
                            last_name(options.data)));
  std::filesystem::path folder = stem;
  for (int i = 2; !fits(folder, contestants, options.comparison); ++i) folder = fmt::format("{}-{}", stem, i);
  return folder;
}

Goal goal_of(const CompareArguments& options, const Comparison& comparison) {
  if (options.to_loss > 0)
    return {.figure = &EpochResult::train_loss, .level = options.to_loss, .at_least = false};
  if (options.to_accuracy > 0)
    return {.level = comparison.regression ? options.to_accuracy : options.to_accuracy / 100};
  return usual_goal(comparison);
}

void describe(const CompareArguments& options, const std::vector<Contestant>& contestants,
              const DataPair& data, const Recipe& recipe, const std::filesystem::path& folder) {
  std::vector<std::string> names;
  names.reserve(contestants.size());
  for (const Contestant& contestant : contestants) names.push_back(contestant.name);
  const TrainOptions& t = options.comparison.setup.train;
  fmt::print("{}{} on {} ({} + {}), {} seed{} x {} epochs, batch {}, {}, rate {}; in {}\n",
             fmt::join(names, ", "),
             options.nets.empty() ? fmt::format(" in {}", contestants[0].net.name) : "", data.name,
             count_text(data.train->size()), count_text(data.test->size()), options.comparison.seeds,
             options.comparison.seeds == 1 ? "" : "s", t.epochs, t.batch, to_string(t.optimiser),
             t.rate > 0 ? fmt::format("{}", t.rate) : "searched for each", folder.string());
  if (!recipe.name.empty())
    fmt::print("(the recipe for {}, but for epochs, rate and what you chose)\n", recipe.name);
  fmt::print("\n");
  std::fflush(stdout);
}

void run(CompareArguments& options, const CLI::App& command) {
  use_threads(options.threads);
  TrainOptions& chosen = options.comparison.setup.train;
  const double rate = chosen.rate;
  usage([&] {
    chosen.optimiser = optimiser_by_name(options.optimiser);
    chosen.schedule = schedule_by_name(options.schedule);
    chosen.kernels = kernels_by_name(options.kernels);
    TrainOptions(chosen).resolve();
  });
  DataPair data;
  const std::vector<Contestant> contestants = contestants_of(options, data);
  const Recipe recipe = recipe_for(contestants[0].net, *data.train);
  RunConfig& setup = options.comparison.setup;
  setup.train = merged(recipe.options, chosen, [&](std::string_view key) {
    return key == "epochs" || is_given(command, key) || (key == "kernels" && command.count("--exact") > 0);
  });
  setup.train.rate = rate;
  setup.data = data_place(options.data);
  setup.target = options.data_choice.target;
  setup.test_share = options.data_choice.test_share;
  setup.split_seed = options.data_choice.split_seed;
  usage([&] { TrainOptions(setup.train).resolve(); });
  const std::filesystem::path folder =
      options.out.empty() ? free_folder(options, contestants) : std::filesystem::path(options.out);
  describe(options, contestants, data, recipe, folder);
  const Interrupt interrupt;
  ComparisonDisplay display;
  const Comparison comparison =
      compare(contestants, data, options.comparison, folder,
              [&](const ComparisonProgress& progress) { return display.show(progress); });
  display.tell(comparison);
  display.clear();
  if (!comparison.finished) {
    fmt::print("\n{}\nstopped; the same command goes on with it\n", standings_text(comparison));
    return;
  }
  const Goal goal = goal_of(options, comparison);
  write_file(folder / "results.csv", comparison_epochs_csv(comparison));
  write_file(folder / "comparison.csv", comparison_runs_csv(comparison, goal));
  write_file(folder / "curves.svg",
             comparison_svg(comparison,
                            fmt::format("{} on {}", options.nets.empty() ? contestants[0].net.name : "Nets",
                                        data.name)));
  write_file(folder / "report.html",
             comparison_page(
                 comparison, goal,
                 fmt::format("{} on {}",
                             options.nets.empty() ? fmt::format("Activations of {}", contestants[0].net.name)
                                                  : "Nets",
                             last_name(data.name)),
                 facts_of(command_line())));
  fmt::print("\n{}\nreport.html, curves.svg, results.csv, comparison.csv and each run are in {}\n",
             comparison_text(comparison, goal), folder.string());
}

}  // namespace

void add_compare(CLI::App& app) {
  auto* command =
      app.add_subcommand("compare", "Train one net with several activations, or several nets, alike");
  auto options = std::make_shared<CompareArguments>();
  TrainOptions& t = options->comparison.setup.train;
  t.epochs = 5;
  command->add_option("ACTIVATION", options->activations,
                      "Activations, as in relu leaky_relu:slope=0.1 maxout");
  auto* net = command->add_option("--net", options->net, "The net that has them (see `halfwave nets`)");
  net->capture_default_str();
  command->add_option("--nets", options->nets, "In place of activations: nets to compare")->excludes(net);
  command->add_option("--data", options->data, data_help)->capture_default_str();
  command
      ->add_option("--seeds", options->comparison.seeds,
                   "Runs of each, with a start and an order of their own")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--epochs", t.epochs, "Times through all pictures")->capture_default_str();
  command->add_option("--rate,--lr", t.rate,
                      "Learning rate of all (default: searched for each, by short trainings)");
  command->add_option("--batch", t.batch, "Pictures a step")->capture_default_str();
  command->add_option("--optimiser", options->optimiser, "sgd, adam, adamw or rmsprop")
      ->capture_default_str();
  command
      ->add_option("--schedule", options->schedule, "Course of the rate: constant, step, cosine or one_cycle")
      ->capture_default_str();
  command->add_option("--weight-decay", t.weight_decay, "Penalty on weights, as in `halfwave train`");
  command->add_option("--augment", t.augment, "Changes of training pictures, as in `halfwave train`");
  command->add_option("--seed", t.seed, "Seed of the first run")
      ->capture_default_str()
      ->check(not_negative());
  auto* accuracy = command->add_option(
      "--to-accuracy", options->to_accuracy,
      "Tell when each reaches this test accuracy, in per cent (default: one that half of them reach)");
  accuracy->check(CLI::PositiveNumber);
  command->add_option("--to-loss", options->to_loss, "Tell when each reaches this training loss")
      ->check(CLI::PositiveNumber)
      ->excludes(accuracy);
  command->add_option("--out", options->out, "Folder of the comparison (default: runs/compare-NET-DATA)");
  add_data_choice(*command, options->data_choice);
  add_threads(*command, options->threads);
  add_kernels(*command, options->kernels);
  command->footer(
      "Examples:\n"
      "  halfwave compare relu leaky_relu tanh sigmoid maxout\n"
      "  halfwave compare relu tanh --net cifar-quick --data photos --seeds 5\n"
      "  halfwave compare relu elu gelu --to-accuracy 90\n"
      "  halfwave compare --nets lenet5 mlp --data fashion-mnist\n"
      "All start alike, see the same batches and follow one recipe; each has the learning rate that suits\n"
      "it best unless --rate is given. Ctrl-C saves, and the same command goes on; more activations or\n"
      "seeds can be added later. A place is lost only to one that is better by more than chance (t-tests\n"
      "over seeds, 5 % in all). Each run is one like those of `halfwave train`: `halfwave inspect\n"
      "FOLDER/relu-1` looks into it.");
  command->callback([options, command] {
    const std::size_t count = options->nets.empty() ? options->activations.size() : options->nets.size();
    if (!options->nets.empty() && !options->activations.empty())
      throw UsageError("--nets: nets are compared with their own activations; leave either out");
    if (count < 2)
      throw UsageError(
          "compare needs two or more, as in `halfwave compare relu tanh` (see `halfwave compare --help`)");
    if (command->count("--rate") > 0 && options->comparison.setup.train.rate == 0)
      throw UsageError("rate: expected a number above 0, got 0; leave --rate out to have it searched");
    run(*options, *command);
  });
}

}  // namespace halfwave::tool
