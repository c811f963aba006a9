// The training loop.
//
//   Net net(load_net("lenet5"));
//   Trainer trainer(net, open_data("fashion-mnist"), {.epochs = 5});
//   trainer.run({.on_epoch = [](const EpochResult& r) { std::cout << r.test_accuracy << '\n'; }});
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "halfwave/base/error.h"
#include "halfwave/data/loader.h"
#include "halfwave/net/inference.h"
#include "halfwave/train/averaged_net.h"
#include "halfwave/train/epoch_health.h"
#include "halfwave/train/evaluation.h"
#include "halfwave/train/model.h"
#include "halfwave/train/options.h"
#include "halfwave/train/training_step.h"

namespace halfwave {

// One line of the table of epochs.
struct EpochResult {
  std::int64_t epoch = 0;                     // from 1
  double train_loss = 0, train_accuracy = 0;  // means over the epoch's steps, while the net was learning
  double test_loss = 0, test_accuracy = 0;    // of numbers to be learned R2 takes the place of accuracy
  double rate = 0;                            // learning rate of the last step
  double seconds = 0;                         // of training, without the test
  double waited = 0;                          // of these, for data
  bool best = false;                          // no earlier epoch had a higher test accuracy
  EpochHealth health{};                       // where an observer looked on
};

// Where a run is: all that is needed, with the net and the optimiser's state, to go on to the same bits.
struct TrainState {
  std::uint64_t step = 0;   // updates so far
  std::uint64_t epoch = 0;  // of the next batch, from 0
  std::uint64_t index = 0;  // of the next batch in its epoch
  LossSum sum;              // over the epoch's steps so far
  double seconds = 0;       // of this epoch's training so far
  double waited = 0;        // of these, for data
  HealthTally tally{};      // of what an observer saw since it last judged
  EpochHealth health{};     // of this epoch, once its steps are done
  std::vector<EpochResult> history;
};

struct Progress {
  std::uint64_t epoch = 0;    // from 0
  std::uint64_t batch = 0;    // batches of this epoch done, from 1
  std::uint64_t batches = 0;  // of an epoch
  std::int64_t epochs = 0;
  std::int64_t images = 0;  // of this step
  LossSum sum;              // over the epoch's steps so far
};

// Training came to nothing: its loss is not a finite number any more.
class LossNotFinite : public Error {
 public:
  using Error::Error;
};

// Serves one thread at a time. Uses options.threads threads, which stays the number of the calling thread.
class Trainer {
 public:
  // What run() tells, and asks. Where a function returns false the run ends, in a state that can go on.
  struct Callbacks {
    std::function<bool(const Progress&)> on_step = [](const Progress&) { return true; };
    std::function<void(const EpochResult&)> on_epoch = [](const EpochResult&) {};
    std::function<bool(std::size_t)> on_test = [](std::size_t) { return true; };  // test images done
    // An example that can no longer be read is left out, and why is told here. Without this it is an Error.
    std::function<void(const std::string&)> on_skip{};
    StepObserver* observer = nullptr;  // looks on; it must be the same one in a run that is gone on with
  };

  // Starts the net's weights at random (options.seed). The net must outlive the trainer. Error when options,
  // net and data do not fit.
  Trainer(Net& net, const DataPair& data, const TrainOptions& options);
  ~Trainer();

  // Trains to the end of the last epoch (or until options.patience is at its end), or until a callback
  // returns false. Returns whether it came to the end. LossNotFinite says where that began and what to try.
  bool run(const Callbacks& callbacks);

  const TrainState& state() const { return state_; }
  const TrainOptions& options() const { return options_; }
  const ModelInfo& info() const { return info_; }
  Net& net() { return net_; }
  // The net that is tested and to be kept: with TrainOptions::average that of the averages.
  Net& model_net() { return average_ ? average_->net() : net_; }
  AveragedNet* average() { return average_ ? &*average_ : nullptr; }
  bool is_regression() const { return data_.train->is_regression(); }
  // Whether options.patience epochs have gone by without a better test.
  bool is_out_of_patience() const;
  Optimiser& optimiser() { return step_.optimiser(); }

  // Starts with the model's values, but for the layers of options.fresh. Before the first step.
  void start_from(Model& model);

  // One step at this rate in place of the schedule's, for rate_test.h: returns the batch's loss, finite or
  // not. No training can go on from there.
  LossSum try_rate(double rate);

  // Goes on from a state whose net and optimiser values have been loaded.
  void restore(TrainState state);

 private:
  LossSum update(const Batch& batch, double rate, StepObserver* observer = nullptr);
  void step(const Batch& batch, StepObserver* observer);
  [[noreturn]] void explain(const Batch& batch);
  std::string advice() const;
  bool finish_epoch(const Callbacks& callbacks);  // false if the test was broken off

  Net& net_;
  DataPair data_;
  TrainOptions options_;
  ModelInfo info_;
  Loader loader_;
  TrainingStep step_;
  std::optional<AveragedNet> average_;
  std::optional<Inference> inference_;  // for the test of each epoch
  TrainState state_;
  std::function<void(const std::string&)> on_skip_;  // of the present run
};

}  // namespace halfwave
