// All choices of a training run, with defaults that work; as text, the run's config file.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "halfwave/data/dataset.h"
#include "halfwave/kernel/kernel_choice.h"

namespace halfwave {

enum class OptimiserKind { sgd, adam, adamw, rmsprop };
enum class ScheduleKind { constant, step, cosine, one_cycle };

std::string_view to_string(OptimiserKind kind);
std::string_view to_string(ScheduleKind kind);
std::string_view to_string(KernelChoice kernels);
KernelChoice kernels_by_name(std::string_view name);
OptimiserKind optimiser_by_name(std::string_view name);  // Error for unknown names, with the nearest
ScheduleKind schedule_by_name(std::string_view name);

struct TrainOptions {
  std::int64_t epochs = 10;  // 1 to 10^6
  std::int64_t batch = 64;   // 1 to 65536
  std::int64_t threads = 0;  // to 1024; 0: as set_thread_count() has it; another number gives other last bits
  std::uint64_t seed = 1;    // to 2^63 - 1; of the weights, the order of the images and dropout

  KernelChoice kernels = KernelChoice::automatic;

  OptimiserKind optimiser = OptimiserKind::sgd;
  double rate = 0;           // learning rate, to 1000; 0: 0.05 for sgd, 0.001 for the others
  double momentum = -1;      // sgd and rmsprop; 0 to below 1; -1: 0.9 for sgd, 0 for rmsprop
  bool nesterov = true;      // sgd
  double beta1 = 0.9;        // adam, adamw; 0 to below 1
  double beta2 = 0.999;      // adam, adamw; 0 to below 1
  double alpha = 0.99;       // rmsprop; 0 to below 1
  double epsilon = 1e-8;     // adam, adamw, rmsprop; above 0, to 1
  double weight_decay = -1;  // of the weights of convolutions and linear layers only; 0 to 1; L2, but for
                             // adamw of the weights themselves; -1: 0.0005, 0.01 for adamw
  double clip_norm = 0;      // longer gradients (all of them as one vector) are shortened to this; 0: never

  ScheduleKind schedule = ScheduleKind::cosine;
  double warm_up = -1;  // share of all steps in which the rate rises; 0 to 1; -1: 0.05, 0.3 for one_cycle
  std::int64_t step_epochs = 4;  // schedule step: every so many epochs (1 or more) ...
  double step_factor = 0.1;      // ... the rate is multiplied by this; above 0, to 1

  double label_smoothing = 0;    // see LossOptions; 0 to below 1
  double huber_delta = 1;        // see LossOptions; above 0
  bool balance_classes = false;  // images of a class count the more the fewer there are
  double average = 0;            // weights are averaged over steps for testing, each step before counting so
                                 // much of the next; 0 (no average) to below 1
  std::int64_t patience = 0;     // ends after so many epochs without a better test result; 0: never
  std::int64_t revive = 0;       // units that fired on no image for so many epochs begin anew (see
                                 // inspect/revival.h); wants a Watch; 0: never
  std::string augment{};         // see Augmentation

  // Fine-tuning (see fine_tune.h): layers, by their names with commas between them, ...
  std::string fresh{};   // ... that begin anew; all others are old if there is a model to go on from
  std::string freeze{};  // ... that stay as they are; "old" is all old ones
  double old_rate = 1;   // the rate of old layers is multiplied by this; 0 to 1

  // Error, naming the option, for a value out of range; fills in what is left to the others.
  void resolve();
};

// The first options, but for those that is_given says, by their names above, which are the second's.
TrainOptions merged(TrainOptions first, const TrainOptions& second,
                    const std::function<bool(std::string_view)>& is_given);

// What the config file of a run holds: enough to repeat it.
struct RunConfig {
  std::string net;                               // its TOML
  std::string data;                              // as open_data() takes it
  std::string from{};                            // the model file that the weights came from, or empty
  std::string command{};                         // that began it, for people; may be empty
  std::string target{};                          // see DataOptions
  double test_share = DataOptions{}.test_share;  // of data without a test part: see DataOptions
  std::uint64_t split_seed = DataOptions{}.split_seed;
  TrainOptions train;
};

std::string to_toml(const RunConfig& config);
// Error, with the source's name and the line, when the text is not understood.
RunConfig parse_config(std::string_view toml, std::string_view source);

}  // namespace halfwave
