// halfwave bench train|infer NET: how fast a net is on this machine, by layer and pass. bench activations is
// in bench_activations.cc.
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "halfwave/base/clock.h"
#include "halfwave/base/parallel.h"
#include "halfwave/base/random.h"
#include "halfwave/base/table.h"
#include "halfwave/data/loader.h"
#include "halfwave/kernel/multiply_add_limit.h"
#include "halfwave/net/built_in.h"
#include "halfwave/net/inference.h"
#include "halfwave/tool/command.h"
#include "halfwave/tool/data_choice.h"
#include "halfwave/train/evaluation.h"
#include "halfwave/train/training_step.h"

namespace halfwave::tool {
namespace {

struct Options {
  std::string net;
  std::string data;
  std::string activation;
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

// What the net is fed with: batches of real data, or the same random normal input again and again.
class Source {
 public:
  Source(const Net& net, const Options& options) {
    if (!options.data.empty()) {
      const DataPair data = open_shown(options.data, data_options_for(net.input()));
      check_fit(net, *data.train);
      loader_ = std::make_unique<Loader>(data.train, measure_normalisation(*data.train),
                                         LoaderOptions{.batch = options.batch, .threads = thread_count()});
      return;
    }
    random_.size = options.batch;
    random_.x = Buffer(net.input().size() * static_cast<std::size_t>(options.batch));
    RandomStream random(1, RandomPurpose::bench);
    for (float& x : random_.x.span()) x = random.normal();
    for (std::int64_t i = 0; i < options.batch; ++i) {
      random_.labels.push_back(
          static_cast<int>(random.below(static_cast<std::uint32_t>(net.output().size()))));
    }
  }
  const Batch& next() { return loader_ ? loader_->next() : random_; }

 private:
  std::unique_ptr<Loader> loader_;
  Batch random_;
};

struct Result {
  double images_per_second = 0;
  double limit = 0;  // operations a second
  std::int64_t profiled_images = 0;
  std::vector<StepCost> costs;
};

// step() runs a batch and returns its images; plan is what it runs on, a Plan or an Inference.
template <class Runner, class Step>
Result measure(const Options& options, Runner& plan, Step&& step) {
  const auto run_for = [&](double seconds, std::int64_t least) {
    std::int64_t images = 0;
    std::int64_t steps = 0;
    const double start = seconds_now();
    double elapsed = 0;
    do {
      images += step();
      elapsed = seconds_now() - start;
    } while (elapsed < seconds || ++steps < least);
    return std::pair(images, elapsed);
  };
  Result result;
  result.limit = kernel::measure_multiply_add_limit();
  run_for(options.seconds / 10, 3);
  const auto [images, seconds] = run_for(options.seconds, 1);
  result.images_per_second = static_cast<double>(images) / seconds;
  plan.profile();
  result.profiled_images = run_for(options.seconds / 4, 3).first;
  result.costs = plan.costs();
  return result;
}

struct Pass {
  const StepCost* step;
  const char* name;
  const char* kernel;
  double seconds;
};

std::vector<Pass> passes(const Result& result) {
  std::vector<Pass> all;
  for (const StepCost& cost : result.costs) {
    all.push_back({&cost, "forward", cost.forward_kernel, cost.forward});
    if (cost.has_backward_data)
      all.push_back({&cost, "backward_data", cost.backward_data_kernel, cost.backward_data});
    if (cost.has_backward_weights)
      all.push_back({&cost, "backward_weights", cost.backward_weights_kernel, cost.backward_weights});
  }
  return all;
}

void print(const Net& net, const Options& options, const Result& result) {
  const auto images = static_cast<double>(result.profiled_images);
  const auto rate = [&](const Pass& pass) {
    return 2 * static_cast<double>(pass.step->multiply_adds) * images / pass.seconds;
  };
  if (options.json) {
    nlohmann::ordered_json json{{"net", net.spec().name},
                                {"batch", options.batch},
                                {"threads", thread_count()},
                                {"images_per_second", result.images_per_second},
                                {"peak_memory_bytes", peak_memory_bytes()},
                                {"multiply_add_limit_gflops", result.limit / 1e9}};
    for (const Pass& pass : passes(result)) {
      nlohmann::ordered_json line{{"layer", pass.step->name},
                                  {"pass", pass.name},
                                  {"kernel", pass.kernel},
                                  {"microseconds_per_image", pass.seconds / images * 1e6}};
      if (pass.step->multiply_adds > 0) {
        line["gflops"] = rate(pass) / 1e9;
        line["share_of_limit"] = rate(pass) / result.limit;
      }
      json["passes"].push_back(std::move(line));
    }
    fmt::print("{}\n", json.dump());
    return;
  }
  Table table({"layer", "pass", "kernel", "us/image", "share of time", "GFLOP/s", "of the limit"});
  table.align_right({3, 4, 5, 6});
  double total = 0;
  for (const Pass& pass : passes(result)) total += pass.seconds;
  for (const Pass& pass : passes(result)) {
    const bool works = pass.step->multiply_adds > 0;
    table.add({pass.step->name, pass.name, pass.kernel, fmt::format("{:.2f}", pass.seconds / images * 1e6),
               fmt::format("{:.1f} %", pass.seconds / total * 100),
               works ? fmt::format("{:.1f}", rate(pass) / 1e9) : "",
               works ? fmt::format("{:.0f} %", rate(pass) / result.limit * 100) : ""});
  }
  fmt::print(
      "{}\n{}, batch {}, {} threads: {:.0f} images/s, peak memory {}, multiply-add limit of the machine "
      "{:.0f} GFLOP/s\n",
      table.text(), net.spec().name, options.batch, thread_count(), result.images_per_second,
      bytes_text(peak_memory_bytes()), result.limit / 1e9);
}

Net prepared_net(const Options& options) {
  use_threads(options.threads);
  if (std::isnan(options.seconds))
    throw UsageError("--seconds: expected a number from 0.01 to 3600, got nan");
  NetSpec spec = load_net(options.net);
  set_activation(spec, options.activation);
  Net net(spec);
  net.initialise(1);
  return net;
}

void train(const Options& options) {
  Net net = prepared_net(options);
  TrainOptions choices{.batch = options.batch, .rate = 1e-3};  // small: random labels teach nothing
  choices.resolve();
  Source source(net, options);
  TrainingStep step(net, choices, options.batch);
  std::uint64_t count = 0;
  const Result result = measure(options, step.plan(), [&] {
    const Batch& batch = source.next();
    step.run(batch.x.data(), {batch.labels}, count++, choices.rate);
    return batch.size;
  });
  print(net, options, result);
}

void infer(const Options& options) {
  const Net net = prepared_net(options);
  Source source(net, options);
  Inference inference(net, options.batch);
  const Result result = measure(options, inference, [&] {
    const Batch& batch = source.next();
    inference.forward(batch.x.data(), batch.size);
    return batch.size;
  });
  print(net, options, result);
}

void add(CLI::App& bench, const char* name, const char* description, void (*work)(const Options&)) {
  auto* command = bench.add_subcommand(name, description);
  auto options = std::make_shared<Options>();
  command->add_option("NET", options->net, "A built-in net or the path of a .toml file")->required();
  command->add_option("--batch", options->batch, "Pictures at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 65536));
  command->add_option("--seconds", options->seconds, "How long to measure")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 3600.0));
  command->add_option("--data", options->data,
                      "Real data, as in `halfwave train` (default: random normal input)");
  add_activation(*command, options->activation);
  command->add_flag("--json", options->json, "Print one JSON object");
  add_threads(*command, options->threads);
  command->footer(
      fmt::format("Examples:\n"
                  "  halfwave bench {0} lenet5\n"
                  "  halfwave bench {0} vgg-small --batch 64 --threads 2 --seconds 4 --json",
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
      "GFLOP/s counts a multiply-add as two; the limit is what the machine's vector units reach with nothing "
      "to load.");
}

}  // namespace halfwave::tool
