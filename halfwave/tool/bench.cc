// halfwave bench train|infer NET: how fast a net is on this machine, by layer and pass. bench activations is
// in bench_activations.cc.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "halfwave/base/clock.h"
#include "halfwave/base/parallel.h"
#include "halfwave/base/random.h"
#include "halfwave/base/table.h"
#include "halfwave/base/text.h"
#include "halfwave/data/loader.h"
#include "halfwave/kernel/multiply_add_limit.h"
#include "halfwave/net/built_in.h"
#include "halfwave/net/inference.h"
#include "halfwave/tool/command.h"
#include "halfwave/tool/data_choice.h"
#include "halfwave/train/evaluation.h"
#include "halfwave/train/model.h"
#include "halfwave/train/run_folder.h"
#include "halfwave/train/training_step.h"

namespace halfwave::tool {
namespace {

struct BenchArguments {
  std::string net;
  std::string data;
  std::string activation;
  std::string kernels = "auto";
  std::int64_t batch = 64;
  double seconds = 4;
  bool json = false;
  int threads = 0;
};

// The most memory this process ever had (VmHWM of Linux); 0 where the system does not say.
std::uint64_t peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) * 1024;
  }
  return 0;
}

// A net with random weights, or a model with those that it has learned.
struct Subject {
  Net net;
  std::optional<ModelInfo> info;  // of a model
};

// What the net is fed with, again and again: some batches of real data, read before, or one of random normal
// input.
class InputSource {
 public:
  InputSource(const Subject& subject, const BenchArguments& options) {
    if (options.data.empty()) {
      batches_.push_back(random_batch(subject.net, options.batch));
    } else {
      read(subject, options);
    }
  }

  const Batch& next() { return batches_[turn_++ % batches_.size()]; }

 private:
  static Batch random_batch(const Net& net, std::int64_t size) {
    Batch batch;
    batch.size = size;
    batch.x = Buffer(net.input().size() * static_cast<std::size_t>(size));
    RandomStream random(1, RandomPurpose::bench);
    for (float& x : batch.x.span()) x = random.normal();
    for (std::int64_t i = 0; i < size; ++i) {
      batch.labels.push_back(static_cast<int>(random.below(static_cast<std::uint32_t>(net.output().size()))));
    }
    return batch;
  }

  void read(const Subject& subject, const BenchArguments& options) {
    DataOptions how = data_options_for(subject.net.input());
    if (subject.info) {
      how.classes = subject.info->classes;
      how.form = subject.info->table;
    }
    const DataPair data = open_shown(options.data, how);
    check_fit(subject.net, *data.train);
    const ModelInfo info = subject.info ? *subject.info : describe_data(*data.train);
    Loader loader(data.train, info.normalisation,
                  {.batch = options.batch, .target = info.target, .threads = thread_count()});
    const auto images = static_cast<std::int64_t>(std::min<std::size_t>(data.train->size(), 1024));
    for (std::int64_t image = 0; image < images;) {
      const Batch& batch = loader.next();
      Batch& kept = batches_.emplace_back();
      kept.size = batch.size;
      kept.x = Buffer(batch.x.span().size());
      std::copy(batch.x.span().begin(), batch.x.span().end(), kept.x.span().begin());
      kept.labels = batch.labels;
      kept.values = batch.values;
      image += batch.size;
    }
  }

  std::vector<Batch> batches_;
  std::size_t turn_ = 0;
};

struct Profile {
  std::int64_t images = 0;
  std::vector<StepCost> costs;
};

struct Result {
  double images_per_second = 0;
  double limit = 0;  // operations a second
  std::uint64_t peak_memory = 0;
  Profile chosen;
  Profile dense;  // the same, no product left out
};

// step() runs a batch and returns its images.
template <class Step>
std::pair<std::int64_t, double> run_for(double seconds, std::int64_t least, Step&& step) {
  std::int64_t images = 0;
  std::int64_t steps = 0;
  const double start = seconds_now();
  double elapsed = 0;
  do {
    images += step();
    elapsed = seconds_now() - start;
  } while (elapsed < seconds || ++steps < least);
  return {images, elapsed};
}

// runner: what the steps run on, a Plan or an Inference.
template <class Runner, class Step>
Profile profile(const BenchArguments& options, Runner& runner, Step&& step) {
  run_for(options.seconds / 10, 3, step);
  runner.profile();
  const std::int64_t images = run_for(options.seconds / 4, 3, step).first;
  return {images, runner.costs()};
}

template <class Runner, class Step>
Result measure(const BenchArguments& options, Runner& runner, Step&& step) {
  Result result;
  result.limit = kernel::measure_multiply_add_limit();
  run_for(options.seconds / 10, 3, step);
  const auto [images, seconds] = run_for(options.seconds, 1, step);
  result.images_per_second = static_cast<double>(images) / seconds;
  result.chosen = profile(options, runner, step);
  result.peak_memory = peak_memory_bytes();
  return result;
}

struct Pass {
  const StepCost* step;
  const char* name;
  KernelUse kernel;
  double seconds;  // an image
};

std::vector<Pass> passes(const Profile& profile) {
  std::vector<Pass> all;
  const auto images = static_cast<double>(profile.images);
  for (const StepCost& cost : profile.costs) {
    all.push_back({&cost, "forward", cost.forward_kernel, cost.forward / images});
    if (cost.has_backward_data)
      all.push_back({&cost, "backward_data", cost.backward_data_kernel, cost.backward_data / images});
    if (cost.has_backward_weights)
      all.push_back(
          {&cost, "backward_weights", cost.backward_weights_kernel, cost.backward_weights / images});
  }
  return all;
}

double total(const std::vector<Pass>& all) {
  double sum = 0;
  for (const Pass& pass : all) sum += pass.seconds;
  return sum;
}

// Operations a second, as if all products were made.
double rate(const Pass& pass) { return 2 * static_cast<double>(pass.step->multiply_adds) / pass.seconds; }

void print_json(const Net& net, const BenchArguments& options, const Result& result) {
  const std::vector<Pass> all = passes(result.chosen);
  const std::vector<Pass> dense = passes(result.dense);
  nlohmann::ordered_json json{{"net", net.spec().name},
                              {"batch", options.batch},
                              {"threads", thread_count()},
                              {"kernels", options.kernels},
                              {"images_per_second", result.images_per_second},
                              {"peak_memory_bytes", result.peak_memory},
                              {"multiply_add_limit_gflops", result.limit / 1e9},
                              {"over_dense", total(dense) / total(all)}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Pass& pass = all[i];
    nlohmann::ordered_json line{{"layer", pass.step->name},
                                {"pass", pass.name},
                                {"kernel", pass.kernel.name},
                                {"microseconds_per_image", pass.seconds * 1e6},
                                {"over_dense", dense[i].seconds / pass.seconds}};
    if (pass.kernel.zeros >= 0) line["zeros"] = pass.kernel.zeros;
    if (pass.step->multiply_adds > 0) {
      line["gflops"] = rate(pass) / 1e9;
      line["share_of_limit"] = rate(pass) / result.limit;
    }
    json["passes"].push_back(std::move(line));
  }
  fmt::print("{}\n", json.dump());
}

void print_table(const Net& net, const BenchArguments& options, const Result& result) {
  const std::vector<Pass> all = passes(result.chosen);
  const std::vector<Pass> dense = passes(result.dense);
  Table table({"layer", "pass", "kernel", "zeros", "us/image", "share of time", "GFLOP/s", "of the limit",
               "over dense"});
  table.align_right({3, 4, 5, 6, 7, 8});
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Pass& pass = all[i];
    const bool works = pass.step->multiply_adds > 0;
    table.add({pass.step->name, pass.name, pass.kernel.name,
               pass.kernel.zeros >= 0 ? fmt::format("{:.0f} %", pass.kernel.zeros * 100) : "",
               fmt::format("{:.2f}", pass.seconds * 1e6),
               fmt::format("{:.1f} %", pass.seconds / total(all) * 100),
               works ? fmt::format("{:.1f}", rate(pass) / 1e9) : "",
               works ? fmt::format("{:.0f} %", rate(pass) / result.limit * 100) : "",
               works ? fmt::format("{:.2f}", dense[i].seconds / pass.seconds) : ""});
  }
  fmt::print(
      "{}\n{}, batch {}, {} threads: {:.0f} images/s, {:.2f} times as fast as with every product made, peak "
      "memory {}, multiply-add limit of the machine {:.0f} GFLOP/s\n",
      table.text(), net.spec().name, options.batch, thread_count(), result.images_per_second,
      total(dense) / total(all), bytes_text(result.peak_memory), result.limit / 1e9);
}

void print(const Net& net, const BenchArguments& options, const Result& result) {
  if (options.json) {
    print_json(net, options, result);
  } else {
    print_table(net, options, result);
  }
}

// A built-in net's name is that, whatever folders there are.
bool is_model(const std::string& net) {
  std::error_code code;
  const std::filesystem::path path = net;
  return !is_built_in(net) &&
         (path.extension() == ".safetensors" || std::filesystem::is_directory(path, code));
}

Subject prepared(const BenchArguments& options) {
  use_threads(options.threads);
  if (std::isnan(options.seconds))
    throw UsageError("--seconds: expected a number from 0.01 to 3600, got nan");
  if (is_model(options.net)) {
    if (!options.activation.empty())
      throw UsageError(fmt::format("--activation: {} has learned with its own", printable(options.net)));
    Model model = load_model(model_path(options.net));
    return {std::move(model.net), std::move(model.info)};
  }
  NetSpec spec = load_net(options.net);
  set_activation(spec, options.activation);
  Net net(spec);
  net.initialise(1);
  return {std::move(net), std::nullopt};
}

void train(const BenchArguments& options) {
  const KernelChoice kernels = usage([&] { return kernels_by_name(options.kernels); });
  Subject subject = prepared(options);
  TrainOptions choices{.batch = options.batch, .rate = 1e-3};  // small: random labels teach nothing
  choices.resolve();
  InputSource source(subject, options);
  std::uint64_t count = 0;
  const auto with = [&](KernelChoice which, auto&& work) {
    choices.kernels = which;
    TrainingStep step(subject.net, choices, options.batch);
    return work(step.plan(), [&] {
      const Batch& batch = source.next();
      step.run(batch.x.data(), {.labels = batch.labels, .values = batch.values}, count++, choices.rate);
      return batch.size;
    });
  };
  Result result = with(kernels, [&](auto& plan, auto&& step) { return measure(options, plan, step); });
  result.dense =
      with(KernelChoice::dense, [&](auto& plan, auto&& step) { return profile(options, plan, step); });
  print(subject.net, options, result);
}

void infer(const BenchArguments& options) {
  const KernelChoice kernels = usage([&] { return kernels_by_name(options.kernels); });
  const Subject subject = prepared(options);
  InputSource source(subject, options);
  const auto with = [&](KernelChoice which, auto&& work) {
    Inference inference(subject.net, options.batch, which);
    return work(inference, [&] {
      const Batch& batch = source.next();
      inference.forward(batch.x.data(), batch.size);
      return batch.size;
    });
  };
  Result result = with(kernels, [&](auto& runner, auto&& step) { return measure(options, runner, step); });
  result.dense =
      with(KernelChoice::dense, [&](auto& runner, auto&& step) { return profile(options, runner, step); });
  print(subject.net, options, result);
}

void add(CLI::App& bench, const char* name, const char* description, void (*work)(const BenchArguments&)) {
  auto* command = bench.add_subcommand(name, description);
  auto options = std::make_shared<BenchArguments>();
  command
      ->add_option("NET", options->net,
                   "A built-in net, the path of a .toml file, or a run or model with what it has learned")
      ->required();
  command->add_option("--batch", options->batch, "Pictures at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 65536));
  command->add_option("--seconds", options->seconds, "How long to measure")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 3600.0));
  command->add_option("--data", options->data,
                      "Real data, as in `halfwave train` (default: random normal input)");
  add_activation(*command, options->activation);
  add_kernels(*command, options->kernels);
  command->add_flag("--json", options->json, "Print one JSON object");
  add_threads(*command, options->threads);
  command->footer(
      fmt::format("Examples:\n"
                  "  halfwave bench {0} lenet5\n"
                  "  halfwave bench {0} vgg-small --batch 64 --threads 2 --seconds 4 --json\n"
                  "  halfwave bench {0} runs/lenet5 --data fashion-mnist     (the zeros that training makes)",
                  name));
  command->callback([options, work] { work(*options); });
}

}  // namespace

void add_bench(CLI::App& app) {
  auto* bench = app.add_subcommand("bench", "Measure speed and memory on this machine");
  bench->require_subcommand(1);
  add(*bench, "train", "Training steps: forward, backward and update", &train);
  add(*bench, "infer", "Inference", &infer);
  add_bench_activations(*bench);
  bench->footer(
      "Examples:\n"
      "  halfwave bench train lenet5\n"
      "  halfwave bench train vgg-small --batch 64 --threads 2 --seconds 4 --json\n"
      "  halfwave bench infer resnet20 --batch 1\n"
      "  halfwave bench activations relu sigmoid\n"
      "GFLOP/s counts a multiply-add as two, whether it is made or saved; zeros: the share counted in what "
      "the "
      "pass may skip;\nover dense: how many times as fast as with every product made. The limit is what the "
      "machine's vector units reach with nothing "
      "to load.");
}

}  // namespace halfwave::tool
