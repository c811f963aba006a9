// What counting units and gradients costs while training (Watch, `halfwave train --watch`), of the time that
// training takes without it. One run: of each two stretches of four steps the first begins with a step that
// is looked at, so that both meet the same machine; the median of what the first took longer is spread over
// Watch::period steps.
//   watch_cost DATA NET... [--steps 1600]     the recipe of NET for DATA, all threads
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "halfwave/base/clock.h"
#include "halfwave/base/error.h"
#include "halfwave/inspect/watch.h"
#include "halfwave/net/built_in.h"
#include "halfwave/net/net.h"
#include "halfwave/train/adapt.h"
#include "halfwave/train/recipe.h"
#include "halfwave/train/trainer.h"

namespace halfwave {
namespace {

constexpr std::uint64_t stretch = 4;

// A Watch that looks at the first step of every other stretch, and times the end of an epoch.
class OftenWatch final : public StepObserver {
 public:
  OftenWatch(const Net& net, const TrainOptions& options) : watch_(net, options) {}

  bool wants(std::uint64_t step) const override { return step % (2 * stretch) == 0; }
  void look(const Plan::Made& made) override { watch_.look(made); }
  void end_step(const float* gradients, std::int64_t epoch, HealthTally& tally) override {
    watch_.end_step(gradients, epoch, tally);
  }
  EpochHealth end_epoch(Net& net, Optimiser& optimiser, HealthTally& tally) override {
    const double start = seconds_now();
    EpochHealth health = watch_.end_epoch(net, optimiser, tally);
    end_of_epoch_ = seconds_now() - start;
    return health;
  }

  double end_of_epoch() const { return end_of_epoch_; }

 private:
  Watch watch_;
  double end_of_epoch_ = 0;
};

double quantile(std::vector<double>& values, double share) {
  const auto place =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

void measure(const std::string& name, const std::string& data_name, std::uint64_t steps) {
  NetSpec spec = load_net(name);
  const DataPair data = open_data(data_name, {.height = spec.input.height, .width = spec.input.width});
  spec = adapted(spec, *data.train);
  Net net(spec);
  Trainer trainer(net, data, recipe_for(spec, *data.train).options);
  OftenWatch watch(net, trainer.options());
  std::vector<double> plain;
  std::vector<double> longer;
  std::vector<double> ends;  // of the stretches of this pair
  std::uint64_t batches = 0;
  const auto on_step = [&](const Progress& progress) {
    const std::uint64_t step = trainer.state().step;
    batches = progress.batches;
    if (progress.batch == batches) {  // the test lies between
      ends.clear();
      return step < steps;
    }
    const double now = seconds_now();
    if (step % (2 * stretch) == 0) {
      if (ends.size() == 2) {
        plain.push_back(now - ends[1]);
        longer.push_back(ends[1] - ends[0] - plain.back());
      }
      ends.clear();
    }
    if (step % stretch == 0) ends.push_back(now);
    return step < steps;
  };
  trainer.run({.on_step = on_step, .observer = &watch});
  if (plain.empty()) fail("{}: too few steps to compare: it takes {} in one epoch", name, 3 * stretch);
  const double step = quantile(plain, 0.5) / stretch;
  const auto share = [&](double seconds) { return seconds / step / static_cast<double>(Watch::period); };
  const double end = watch.end_of_epoch() / step / static_cast<double>(batches);
  fmt::print("| {} | {:.2f} | {:.2f} | {:.3f} ({:.3f}-{:.3f}) |\n", name, step * 1e3,
             quantile(longer, 0.5) * 1e3, 1 + end + share(quantile(longer, 0.5)),
             1 + end + share(quantile(longer, 0.25)), 1 + end + share(quantile(longer, 0.75)));
  std::fflush(stdout);
}

}  // namespace
}  // namespace halfwave

int main(int count, char** arguments) try {
  std::string data;
  std::vector<std::string> nets;
  std::uint64_t steps = 1600;
  CLI::App app("What watching costs, of the time of training", "watch_cost");
  app.add_option("DATA", data)->required();
  app.add_option("NET", nets)->required();
  app.add_option("--steps", steps, "Steps of training");
  CLI11_PARSE(app, count, arguments);
  fmt::print(
      "| Net | ms a step | more for a look | Watched by not watched (quarter-three quarters) |\n"
      "| --- | --- | --- | --- |\n");
  for (const std::string& net : nets) halfwave::measure(net, data, steps);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
