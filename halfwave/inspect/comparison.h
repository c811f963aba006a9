// Trains contestants, nets that differ in one thing, alike: from the same start, on the same batches, by the
// same recipe, several times; and sets side by side what came of it.
//
//   const DataPair data = open_data("fashion-mnist");
//   std::vector<Contestant> contestants;
//   for (const char* activation : {"relu", "tanh"}) {
//     contestants.push_back({activation, load_net("lenet5")});
//     contestants.back().net.activation = activation;
//   }
//   compare(contestants, data, {.setup = {.data = "fashion-mnist"}}, "runs/relu-or-tanh");
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "halfwave/inspect/health.h"
#include "halfwave/inspect/pass_time.h"
#include "halfwave/inspect/ranking.h"
#include "halfwave/train/rate_search.h"
#include "halfwave/train/trainer.h"

namespace halfwave {

// The same start: the random numbers that the weights are made of are the same ones, where there are as many;
// their size is by the rule that goes with the activation (Net::start_of).
struct Contestant {
  std::string name;  // no two alike
  NetSpec net;
};

struct ComparisonOptions {
  // What the config of each run holds, but for the net. train.rate 0: searched for each contestant
  // (rate_search.h, with a seed that none of its runs has). train.seed: of the first run, one more for each
  // further one.
  RunConfig setup{};
  std::int64_t seeds = 3;                // runs of each contestant, 1 or more
  std::int64_t search_steps = 500;       // of each trial
  std::int64_t inspected_images = 2000;  // of the test, at most
};

struct ComparedRun {
  std::uint64_t seed = 0;
  std::vector<EpochResult> history{};
  std::string failure{};                         // where the loss stopped being finite; empty: it did not
  std::vector<LayerGradient> start_gradients{};  // on 4 batches of training images, before the first step
  Inspection inspection{};  // of the net after the last epoch, on test images; without layers before that
};

struct Compared {
  std::string name;
  std::size_t parameters = 0;
  RateSearch rate{};  // no trials where it was given
  std::vector<ComparedRun> runs{};
  PassTime time{};  // of the first run's net; 0 where that failed
};

struct Comparison {
  std::vector<Compared> contestants{};
  std::int64_t epochs = 0;  // of each run
  bool regression = false;  // R2 stands in place of accuracy
  bool finished = false;
};

// Where a comparison is.
struct ComparisonProgress {
  const Comparison& so_far;
  std::string doing;  // "relu, seed 1, epoch 2"
  double done;        // share of all epochs
};

// Trains what is not trained yet. Each run has its folder, folder/NAME-SEED, as halfwave train makes them,
// and checkpoints: what was interrupted goes on to the same bits, what is done is not done again, and
// contestants and seeds can be added. progress is called after each step of each run; where it returns false
// all is saved, and what there is so far is returned. Error where a folder holds a run of another setup, and
// as Trainer.
Comparison compare(std::span<const Contestant> contestants, const DataPair& data,
                   const ComparisonOptions& options, const std::filesystem::path& folder,
                   const std::function<bool(const ComparisonProgress&)>& progress = {});

// Whether the folder holds no run of another setup.
bool fits(const std::filesystem::path& folder, std::span<const Contestant> contestants,
          const ComparisonOptions& options);

// By test accuracy (R2) after the last epoch, over the seeds that all have run.
std::vector<Ranked> rank(const Comparison& comparison);

// What is to be reached: a figure of a run's epochs, at most or at least so large.
struct Goal {
  double EpochResult::*figure = &EpochResult::test_accuracy;
  double level = 0;
  bool at_least = true;
};

struct Reached {
  std::int64_t epoch = 0;
  double seconds = 0;  // of training up to its end
};
std::optional<Reached> reached(const ComparedRun& run, const Goal& goal);

}  // namespace halfwave
