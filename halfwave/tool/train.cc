// halfwave train NET DATA: trains a net into the folder of a run; --resume goes on with one.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "halfwave/base/file.h"
#include "halfwave/base/parallel.h"
#include "halfwave/base/table.h"
#include "halfwave/base/text.h"
#include "halfwave/data/augment.h"
#include "halfwave/data/subset.h"
#include "halfwave/inspect/training_finding.h"
#include "halfwave/inspect/watch.h"
#include "halfwave/net/built_in.h"
#include "halfwave/report/curve.h"
#include "halfwave/report/training_events.h"
#include "halfwave/tool/command.h"
#include "halfwave/tool/data_choice.h"
#include "halfwave/tool/interrupt.h"
#include "halfwave/tool/rate_finder.h"
#include "halfwave/tool/run_page_file.h"
#include "halfwave/tool/training_display.h"
#include "halfwave/train/fine_tune.h"
#include "halfwave/train/recipe.h"
#include "halfwave/train/run_folder.h"

namespace halfwave::tool {
namespace {

// Within an epoch no fault is told before units and gradients have been looked at so often.
constexpr std::int64_t least_looks = 8;

struct TrainArguments {
  std::string net;
  std::string data;
  std::string activation;
  std::string optimiser = "sgd";
  std::string schedule = "cosine";
  std::string kernels = "auto";
  std::string out;
  std::string resume;
  std::string from;
  bool find_rate = false;
  std::vector<std::string> threshold_texts;
  Thresholds thresholds;
  bool previous = false;
  bool watch = true;
  std::int64_t save_every = 0;
  int threads = 0;
  DataChoice data_choice;
  TrainOptions train;
};

// runs/NET-DATA, or with -2, -3, ... behind it where that is taken.
std::filesystem::path free_folder(const std::string& net, const std::string& data) {
  const std::string stem = "runs/" + file_name(fmt::format("{}-{}", net, last_name(data)));
  std::filesystem::path folder = stem;
  std::error_code code;
  for (int i = 2; std::filesystem::exists(folder, code); ++i) folder = fmt::format("{}-{}", stem, i);
  return folder;
}

void report(const RunFolder& run, const Trainer& trainer, const std::string& title) {
  const auto& history = trainer.state().history;
  if (history.empty()) return;
  write_file(run.results(), results_csv(history));
  write_file(run.curve(), learning_curve_svg(history, title, trainer.is_regression()));
}

// The first test picture as the net sees it; nothing for tables, and where it cannot be read any more.
std::vector<float> first_picture(const Dataset& data, const ModelInfo& info) {
  if (data.table() != nullptr) return {};
  std::vector<float> values(data.shape().size());
  try {
    data.get(0, values.data());
  } catch (const Error&) {
    return {};
  }
  Normaliser(info.normalisation, data.shape().channels).apply(values.data(), data.shape().pixels());
  return values;
}

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// Whether there is one now. That there is none must not make a training fail.
bool make_page(const RunFolder& run, const DataPair& data) {
  try {
    return write_run_page(run.page(), run.path(), load_model(run.best()), data.test, last_name(data.name),
                          {});
  } catch (const std::exception& error) {
    fmt::print(stderr, "warning: no page was made of it: {}; `halfwave report {}` tries again\n",
               error.what(), run.path().string());
    return false;
  }
}

// Of the net before its first step, on a few training images. Takes less memory than a step of training.
std::vector<Finding> start_faults(Trainer& trainer, const DataPair& data, const Thresholds& thresholds) {
  const std::int64_t few = std::min<std::int64_t>(trainer.options().batch, 16);
  constexpr std::int64_t batches = 4;
  return find_start_faults(inspect(trainer.net(), some_of(data.train, few * batches), trainer.info(),
                                   {.gradient_batches = batches,
                                    .gradient_batch = few,
                                    .as_in_training = true,
                                    .kernels = trainer.options().kernels},
                                   {.on_skip = [](const std::string&) {}}),  // training will tell
                           thresholds);
}

// Returns whether the training came to its end.
bool work(const RunFolder& run, Trainer& trainer, const DataPair& data, const TrainArguments& options) {
  const std::string title = fmt::format("{} on {}", trainer.net().spec().name, data.name);
  const Interrupt interrupt;
  const bool regression = data.train->is_regression();
  TrainingDisplay display(regression);
  Watch watch(trainer.net(), trainer.options());
  // Of units and gradients, and of the table of epochs.
  const auto faults = [&](const EpochHealth& health, std::int64_t epochs) {
    std::vector<Finding> found = find_faults(health, options.thresholds);
    const std::span history(trainer.state().history);
    for (Finding& finding :
         find_training_faults(history.first(static_cast<std::size_t>(epochs)), options.thresholds))
      found.push_back(std::move(finding));
    return found;
  };
  const auto show = [&](const EpochResult& result) {
    display.epoch(result, data.train->size());
    TrainingDisplay::revived(result.health);
    if (options.watch)
      display.faults(static_cast<std::uint64_t>(result.epoch) - 1, faults(result.health, result.epoch));
  };
  make_folder(run.events());
  display.head();
  if (options.watch && trainer.state().step == 0 && options.from.empty())
    display.faults(0, start_faults(trainer, data, options.thresholds));
  for (const EpochResult& result : trainer.state().history) show(result);
  const auto on_step = [&](const Progress& progress) {
    const HealthTally& tally = trainer.state().tally;
    if (options.watch && watch.wants(trainer.state().step - 1) && tally.looks >= least_looks)
      display.faults(progress.epoch, faults(watch.judge(tally), static_cast<std::int64_t>(progress.epoch)));
    display.step(progress);
    return !Interrupt::asked();
  };
  const std::vector<float> example = first_picture(*data.test, trainer.info());
  const auto write_events = [&](const EpochResult& result) {
    write_file(run.events() / event_file_name(result.epoch),
               training_events(result, trainer.model_net(), example, regression, seconds_since_1970()));
  };
  // A run that was killed right behind a checkpoint has not written that of its last epoch.
  if (const TrainState& state = trainer.state(); !state.history.empty() && state.index == 0) {
    if (!std::filesystem::exists(run.events() / event_file_name(state.history.back().epoch)))
      write_events(state.history.back());
  }
  // Printing comes last, so that an output that breaks costs no epoch.
  const auto on_epoch = [&](const EpochResult& result) {
    report(run, trainer, title);
    write_events(result);
    show(result);
  };
  const auto on_test = [&](std::size_t images) {
    display.test(trainer.state().epoch, images, data.test->size());
    return !Interrupt::asked();
  };
  SkipWarning skip;
  const bool finished = train_into(run, trainer, fingerprint(data),
                                   {.on_step = on_step,
                                    .on_epoch = on_epoch,
                                    .on_test = on_test,
                                    .on_skip = [&](const std::string& why) { skip(why); },
                                    .observer = options.watch ? &watch : nullptr},
                                   options.save_every);
  display.clear();
  if (finished && trainer.is_out_of_patience())
    fmt::print("ended early: no better test in the last {} epochs (--patience)\n",
               trainer.options().patience);
  if (skip.count() > 0)
    fmt::print(stderr, "warning: {} times an example could not be read and was left out\n", skip.count());
  // A run that was killed between its last checkpoint and its last report has nothing else left to do.
  report(run, trainer, title);
  if (!finished)
    fmt::print("stopped after {} steps; go on with: halfwave train --resume {}\n", trainer.state().step,
               run.path().string());
  return finished;
}

// Trains, and then says what came of it and makes the page.
void train(const RunFolder& run, std::unique_ptr<Trainer> trainer, const DataPair& data,
           const TrainArguments& options) {
  if (!work(run, *trainer, data, options)) return;
  const std::vector<EpochResult> history = trainer->state().history;
  trainer.reset();  // its memory serves the page
  const EpochResult* best = nullptr;
  for (const EpochResult& result : history) best = result.best ? &result : best;
  if (best == nullptr) return;
  const bool has_page = make_page(run, data);
  fmt::print("\nbest test {} in epoch {}; all of it is in {}\n",
             data.train->is_regression() ? fmt::format("R2 {:.4f}", best->test_accuracy)
                                         : fmt::format("accuracy {:.2f} %", best->test_accuracy * 100),
             best->epoch, run.path().string());
  if (has_page)
    fmt::print("how good, what is wrong, and pictures, on a page for the browser: {}\n", run.page().string());
}

// Layers that begin anew learn fast, the others slowly, unless the options say otherwise.
void prepare_fine_tuning(Model& model, Net& net, const Dataset& data, bool rate_is_given, TrainOptions& t) {
  const std::vector<std::string> fresh = fresh_layers(model, net, data);
  t.fresh = fmt::format("{}", fmt::join(fresh, ","));
  if (!rate_is_given && !fresh.empty()) t.old_rate = 0.1;
}

void start(TrainArguments& options, const CLI::App& command) {
  TrainOptions& chosen = options.train;
  use_threads(options.threads);
  usage([&] {
    chosen.optimiser = optimiser_by_name(options.optimiser);
    chosen.schedule = schedule_by_name(options.schedule);
    chosen.kernels = kernels_by_name(options.kernels);
    TrainOptions(chosen).resolve();
  });
  std::optional<Model> model;
  if (!options.from.empty()) model.emplace(load_model(model_path(options.from)));
  NetSpec spec = model ? model->net.spec() : load_net(options.net);
  set_activation(spec, options.activation);
  if (!is_built_in(options.net)) Net{spec};  // what is wrong with it is told before the data are read
  const DataPair data = open_for_net(spec, options.from.empty() && is_built_in(options.net), options.data,
                                     options.data_choice, model ? model->info.table : std::nullopt);
  const Recipe recipe = recipe_for(spec, *data.train);
  TrainOptions t = merged(recipe.options, chosen, [&](std::string_view key) {
    return is_given(command, key) || (key == "kernels" && command.count("--exact") > 0);
  });
  usage([&] { t.resolve(); });
  if (model) {
    spec = fine_tuned(*model, *data.train);
    set_activation(spec, options.activation);
  }
  Net net(spec);
  if (model) prepare_fine_tuning(*model, net, *data.train, command.count("--old-rate") > 0, t);
  usage([&] { rate_factors(net, t); });
  auto trainer = std::make_unique<Trainer>(net, data, t);
  if (model) trainer->start_from(*model);
  if (options.find_rate) {
    find_rate(*trainer, data.name);
    return;
  }
  const RunFolder run(options.out.empty() ? free_folder(spec.name, options.data)
                                          : std::filesystem::path(options.out));
  run.create({.net = to_toml(net.spec()),
              .data = data_place(options.data),
              .from = options.from.empty() ? std::string() : data_place(model_path(options.from).string()),
              .command = printable(command_line()),
              .target = options.data_choice.target,
              .test_share = options.data_choice.test_share,
              .split_seed = options.data_choice.split_seed,
              .train = trainer->options()});
  describe_training(net, data, trainer->options());
  // Where the weights came from need not be there any more when this run is gone on with.
  if (model) run.save(*trainer, fingerprint(data));
  if (!recipe.name.empty()) fmt::print("(the recipe for {}, but for what you chose)\n", recipe.name);
  fmt::print("\n");
  train(run, std::move(trainer), data, options);
}

// What a run that was started with --from goes on from: its checkpoint, whatever has become of the model that
// it came from, or that model.
std::optional<Model> origin(const RunFolder& run, const RunConfig& config, bool use_previous) {
  if (config.from.empty()) return {};
  const std::optional<SafetensorsFile> checkpoint = run.checkpoint(use_previous);
  return checkpoint ? load_model(*checkpoint) : load_model(std::filesystem::path(config.from));
}

void resume(const TrainArguments& options) {
  const RunFolder run(options.resume);
  const RunConfig config = run.open();
  set_thread_count(static_cast<int>(config.train.threads));
  const NetSpec spec = parse_net(config.net, run.config().string());
  Net net = [&] {
    try {
      return Net(spec);
    } catch (const Error& error) {
      fail("{}: {}", run.config().string(), error.what());
    }
  }();
  // One that comes with the tool has been made to fit the data.
  const auto is_same = [&](const NetSpec& other) {
    return is_built_in(options.net) ? other.name == spec.name : to_toml(Net(other).spec()) == config.net;
  };
  if (!options.net.empty() && !is_same(load_net(options.net))) {
    fail("{} was started with net '{}', not with '{}'; leave the net out to go on with it",
         run.path().string(), net.spec().name, options.net);
  }
  if (!options.data.empty() && data_place(options.data) != config.data) {
    fail("{} was started with the data '{}', not '{}'; leave the data out to go on with them",
         run.path().string(), config.data, options.data);
  }
  std::optional<Model> model = origin(run, config, options.previous);
  DataOptions how = data_options_of(config, net.input(), options.data_choice);
  if (model) how.form = model->info.table;
  const DataPair data = open_shown(config.data, how);
  auto trainer = std::make_unique<Trainer>(net, data, config.train);
  if (!run.load(*trainer, fingerprint(data), options.previous) && model) trainer->start_from(*model);
  describe_training(net, data, trainer->options());
  fmt::print("going on from step {}\n\n", trainer->state().step);
  train(run, std::move(trainer), data, options);
}

}  // namespace

void add_train(CLI::App& app) {
  auto* command = app.add_subcommand("train", "Train a net on labelled pictures");
  auto options = std::make_shared<TrainArguments>();
  TrainOptions& t = options->train;
  command->add_option("NET", options->net,
                      "A built-in net (see `halfwave nets`) or the path of a .toml file");
  command->add_option("DATA", options->data, data_help);
  add_activation(*command, options->activation);
  add_data_choice(*command, options->data_choice);
  command->add_option("--epochs", t.epochs, "Times through all pictures")->capture_default_str();
  command->add_option("--batch", t.batch, "Pictures a step")->capture_default_str();
  command->add_option("--optimiser", options->optimiser, "sgd, adam, adamw or rmsprop")
      ->capture_default_str();
  command->add_option("--rate", t.rate, "Learning rate (default: 0.05 for sgd, 0.001 for the others)");
  command->add_option("--momentum", t.momentum, "Momentum of sgd (default: 0.9) and rmsprop (default: 0)");
  command->add_option("--nesterov", t.nesterov, "Nesterov's form of momentum: true or false")
      ->default_str(t.nesterov ? "true" : "false");
  command->add_option("--weight-decay", t.weight_decay,
                      "Penalty on weights: L2 (default: 0.0005), for adamw decoupled (default: 0.01)");
  command->add_option("--clip-norm", t.clip_norm, "Shorten longer gradients to this norm (0: never)")
      ->capture_default_str();
  command
      ->add_option("--schedule", options->schedule, "Course of the rate: constant, step, cosine or one_cycle")
      ->capture_default_str();
  command->add_option("--warm-up", t.warm_up,
                      "Share of all steps in which the rate rises (default: 0.05, for one_cycle 0.3)");
  command->add_option("--step-epochs", t.step_epochs, "Schedule step: epochs between two drops")
      ->capture_default_str();
  command->add_option("--step-factor", t.step_factor, "Schedule step: factor of each drop")
      ->capture_default_str();
  command
      ->add_option("--label-smoothing", t.label_smoothing,
                   "Share of each target that goes to all classes alike")
      ->capture_default_str();
  command->add_option("--huber-delta", t.huber_delta, "Where the loss huber turns from square to straight")
      ->capture_default_str();
  command->add_flag("--balance-classes", t.balance_classes, "Let pictures of rare classes count more");
  command
      ->add_option("--average", t.average,
                   "Test and keep the moving average of the weights, as in 0.999 (0: the last weights)")
      ->capture_default_str();
  command->add_option("--patience", t.patience, "End after so many epochs without a better test (0: never)")
      ->capture_default_str();
  command->add_option("--augment", t.augment,
                      "Changes of training pictures, as in flip,crop=4 (all: see the end)");
  command->add_option("--seed", t.seed, "Seed of weights, order and dropout")
      ->capture_default_str()
      ->check(not_negative());
  add_threads(*command, options->threads);
  add_kernels(*command, options->kernels);
  command->add_option(
      "--from", options->from,
      "Go on from this model (a run or a .safetensors file) with other data, in place of NET");
  command->add_option("--freeze", t.freeze,
                      "Layers that stay as they are, as in conv1,conv2; old: all that --from brought");
  command->add_option("--old-rate", t.old_rate,
                      "With --from: factor of the rate of old layers (default: 0.1 if a layer is new)");
  command->add_flag("--watch,!--no-watch", options->watch,
                    "Count dead, dying and saturated units and gradients (default; costs less than 2 %)");
  command
      ->add_option("--revive", t.revive,
                   "Start units anew that fired on no picture for so many epochs (0: never)")
      ->capture_default_str();
  command->add_option("--threshold", options->threshold_texts,
                      "Where what is watched counts as wrong, as in `halfwave inspect`: overfit=0.5");
  command->add_flag("--find-lr", options->find_rate,
                    "Only try which learning rates teach, and draw NET-rates.svg");
  command->add_option("--out", options->out, "Folder of the run (default: runs/NET-DATA)");
  command->add_option("--save-every", options->save_every, "Also write a checkpoint every so many steps")
      ->check(not_negative());
  auto* resume_option = command->add_option(
      "--resume", options->resume, "Go on with the run in this folder, to the very bits of an unbroken run");
  command->add_flag("--previous", options->previous, "With --resume: from the checkpoint before the last one")
      ->needs(resume_option);
  command->footer(
      "Examples:\n"
      "  halfwave train lenet5 fashion-mnist\n"
      "  halfwave train lenet5 fashion-mnist --activation tanh --epochs 5\n"
      "  halfwave train cifar-quick photos --size 64      a folder of pictures in class folders\n"
      "  halfwave train mlp houses.csv --target price      a table: a number, or a class\n"
      "  halfwave train my.toml folder-with-idx-files --optimiser adam --rate 0.0005\n"
      "  halfwave train --from runs/resnet20-photos other-photos --freeze old\n"
      "  halfwave train cifar-quick photos --find-lr\n"
      "  halfwave train --resume runs/lenet5-fashion-mnist\n"
      "  halfwave train resnet20 photos --schedule one_cycle --augment flip,crop=4 --label-smoothing 0.1\n"
      "Changes for --augment, with commas between them:\n" +
      augmentation_help() +
      "Ctrl-C ends after the step and saves; a second one stops at once. The folder of the run holds the "
      "config,\n"
      "the best model, the last two checkpoints, results.csv, curve.svg, report.html, and events/ for "
      "TensorBoard.");
  command->callback([options, command] {
    usage([&] {
      for (const std::string& threshold : options->threshold_texts)
        set_threshold(options->thresholds, threshold);
    });
    if (!options->resume.empty()) {
      static constexpr const char* fixed[] = {"--activation",  "--epochs",
                                              "--batch",       "--optimiser",
                                              "--rate",        "--momentum",
                                              "--nesterov",    "--weight-decay",
                                              "--clip-norm",   "--schedule",
                                              "--warm-up",     "--step-epochs",
                                              "--step-factor", "--label-smoothing",
                                              "--huber-delta", "--balance-classes",
                                              "--average",     "--patience",
                                              "--augment",     "--seed",
                                              "--threads",     "--out",
                                              "--size",        "--from",
                                              "--freeze",      "--old-rate",
                                              "--find-lr",     "--target",
                                              "--test-share",  "--split-seed",
                                              "--kernels",     "--exact",
                                              "--revive"};
      for (const char* name : fixed) {
        if (command->count(name) > 0) {
          throw UsageError(
              fmt::format("{} cannot be changed with --resume: a resumed run keeps its config", name));
        }
      }
      resume(*options);
      return;
    }
    if (!options->from.empty() && options->data.empty()) std::swap(options->net, options->data);
    if (!options->from.empty() && !options->net.empty()) {
      throw UsageError(
          "--from: the model brings its net; name only the data, as in `halfwave train --from RUN DATA`");
    }
    if ((options->net.empty() && options->from.empty()) || options->data.empty()) {
      throw UsageError(
          "train needs a NET and DATA, as in `halfwave train lenet5 fashion-mnist` (see `halfwave train "
          "--help`)");
    }
    if (options->train.revive > 0 && !options->watch)
      throw UsageError(
          "--revive: dead units can begin anew only while they are counted; leave --no-watch out");
    if (command->count("--rate") > 0 && options->train.rate == 0) {
      throw UsageError("rate: expected a number above 0, got 0; leave --rate out for the default");
    }
    start(*options, *command);
  });
}

}  // namespace halfwave::tool
