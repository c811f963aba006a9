#include "halfwave/train/trainer.h"

#include <algorithm>
#include <cmath>

#include "halfwave/base/clock.h"
#include "halfwave/base/error.h"
#include "halfwave/train/schedule.h"

namespace halfwave {
namespace {

TrainOptions resolved(TrainOptions options) {
  options.resolve();
  return options;
}

// Fitting is checked before memory is taken for a plan.
const std::shared_ptr<const Dataset>& checked(const Net& net, const DataPair& data) {
  check_fit(net, *data.train);
  check_fit(net, *data.test);
  return data.train;
}

}  // namespace

Trainer::Trainer(Net& net, const DataPair& data, TrainOptions options)
    : net_(net),
      data_(data),
      options_(resolved(options)),
      info_{data.train->classes(), measure_normalisation(*checked(net, data))},
      loader_(data.train, info_.normalisation,
              {.batch = options_.batch, .shuffle = true, .seed = options_.seed}),
      step_(net, options_, std::min(options_.batch, static_cast<std::int64_t>(data.train->size()))) {
  net_.initialise(options_.seed);
}

Trainer::~Trainer() = default;

void Trainer::restore(TrainState state) {
  state_ = std::move(state);
  loader_.seek(state_.epoch, state_.index);
}

// One step; returns the rate it was made with.
double Trainer::step(const Batch& batch) {
  const double rate = scheduled_rate(options_, state_.step, loader_.batches());
  const LossSum sum = step_.run(batch.pixels.data(), batch.labels, state_.step, rate);
  if (!std::isfinite(sum.loss)) explain(batch);
  ++state_.step;
  state_.sum += sum;
  return rate;
}

void Trainer::explain(const Batch& batch) {
  const std::string where = step_.first_not_finite(batch.pixels.data(), batch.size, state_.step);
  fail(
      "the loss is no longer finite in epoch {}, step {}: it began in {}; try a lower rate (--rate {:.3g}), "
      "a "
      "longer --warm-up, or batch_norm layers",
      state_.epoch + 1, state_.step + 1, where, options_.rate / 10);
}

void Trainer::finish_epoch(double rate, const std::function<void(const EpochResult&)>& on_epoch) {
  if (!inference_) inference_.emplace(net_, options_.batch);
  inference_->load();
  const Evaluation test = evaluate(net_, *inference_, data_.test, info_.normalisation);
  EpochResult result{.epoch = static_cast<std::int64_t>(state_.epoch) + 1,
                     .train_loss = state_.sum.mean_loss(),
                     .train_accuracy = state_.sum.accuracy(),
                     .test_loss = test.sum.mean_loss(),
                     .test_accuracy = test.sum.accuracy(),
                     .rate = rate,
                     .seconds = state_.seconds,
                     .best = true};
  for (const EpochResult& earlier : state_.history) {
    result.best = result.best && earlier.test_accuracy < result.test_accuracy;
  }
  state_.history.push_back(result);
  state_.sum = {};
  state_.seconds = 0;
  ++state_.epoch;
  state_.index = 0;
  on_epoch(result);
}

bool Trainer::run(const std::function<bool(const Progress&)>& on_step,
                  const std::function<void(const EpochResult&)>& on_epoch) {
  while (state_.epoch < static_cast<std::uint64_t>(options_.epochs)) {
    const double start = seconds_now();
    const Batch& batch = loader_.next();
    const double rate = step(batch);
    ++state_.index;
    state_.seconds += seconds_now() - start;
    const Progress progress{.epoch = state_.epoch,
                            .batch = state_.index,
                            .batches = loader_.batches(),
                            .epochs = options_.epochs,
                            .images = batch.size,
                            .sum = state_.sum};
    if (state_.index == loader_.batches()) finish_epoch(rate, on_epoch);
    if (!on_step(progress)) return state_.epoch == static_cast<std::uint64_t>(options_.epochs);
  }
  return true;
}

}  // namespace halfwave
