#include "halfwave/train/trainer.h"

#include <algorithm>
#include <cmath>

#include "halfwave/base/clock.h"
#include "halfwave/base/error.h"
#include "halfwave/base/parallel.h"
#include "halfwave/train/schedule.h"

namespace halfwave {
namespace {

TrainOptions resolved(TrainOptions options) {
  options.resolve();
  set_thread_count(static_cast<int>(options.threads));
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
              {.batch = options_.batch,
               .seed = options_.seed,
               .threads = data.train->decodes() ? static_cast<int>(options_.threads) : 1,
               .on_skip =
                   [this](const std::string& why) {
                     if (!on_skip_) fail("{}", why);
                     on_skip_(why);
                   }}),
      step_(net, options_, std::min(options_.batch, static_cast<std::int64_t>(data.train->size()))) {
  net_.initialise(options_.seed);
}

Trainer::~Trainer() = default;

void Trainer::restore(TrainState state) {
  state_ = std::move(state);
  loader_.seek(state_.epoch, state_.index);
}

void Trainer::step(const Batch& batch) {
  const double rate = scheduled_rate(options_, state_.step, loader_.batches());
  const LossSum sum = step_.run(batch.x.data(), batch.labels, state_.step, rate);
  if (!std::isfinite(sum.loss)) explain(batch);
  ++state_.step;
  state_.sum += sum;
}

std::string Trainer::advice() const {
  return fmt::format("try a lower rate (--rate {:.3g}), a longer --warm-up, or batch_norm layers",
                     options_.rate / 10);
}

void Trainer::explain(const Batch& batch) {
  const std::string where = step_.first_not_finite(batch.x.data(), batch.size, state_.step);
  fail("the loss is no longer finite in epoch {}, step {}: it began in {}; {}", state_.epoch + 1,
       state_.step + 1, where, advice());
}

bool Trainer::finish_epoch(const Callbacks& callbacks) {
  if (!inference_) {
    inference_.emplace(net_, std::min(options_.batch, static_cast<std::int64_t>(data_.test->size())));
  }
  inference_->load();
  bool whole = true;
  const Evaluation test = evaluate(net_, *inference_, data_.test, info_.normalisation,
                                   {.on_batch =
                                        [&](std::size_t images) {
                                          whole = callbacks.on_test(images) || images == data_.test->size();
                                          return whole;
                                        },
                                    .on_skip = callbacks.on_skip});
  if (!whole) return false;
  if (!std::isfinite(test.sum.loss)) {
    fail("the loss on the test images is no longer finite after epoch {}; {}", state_.epoch + 1, advice());
  }
  EpochResult result{.epoch = static_cast<std::int64_t>(state_.epoch) + 1,
                     .train_loss = state_.sum.mean_loss(),
                     .train_accuracy = state_.sum.accuracy(),
                     .test_loss = test.sum.mean_loss(),
                     .test_accuracy = test.sum.accuracy(),
                     .rate = scheduled_rate(options_, state_.step - 1, loader_.batches()),
                     .seconds = state_.seconds,
                     .waited = state_.waited,
                     .best = true};
  for (const EpochResult& earlier : state_.history) {
    result.best = result.best && earlier.test_accuracy < result.test_accuracy;
  }
  state_.history.push_back(result);
  state_.sum = {};
  state_.seconds = 0;
  state_.waited = 0;
  ++state_.epoch;
  state_.index = 0;
  callbacks.on_epoch(result);
  return true;
}

bool Trainer::run(const Callbacks& callbacks) {
  set_thread_count(static_cast<int>(options_.threads));
  on_skip_ = callbacks.on_skip;
  const auto epochs = static_cast<std::uint64_t>(options_.epochs);
  // Only the test was left.
  if (state_.index == loader_.batches() && !finish_epoch(callbacks)) return false;
  while (state_.epoch < epochs) {
    const double start = seconds_now();
    const double waited = loader_.seconds_waited();
    const Batch& batch = loader_.next();
    state_.waited += loader_.seconds_waited() - waited;
    step(batch);
    ++state_.index;
    state_.seconds += seconds_now() - start;
    const Progress progress{.epoch = state_.epoch,
                            .batch = state_.index,
                            .batches = loader_.batches(),
                            .epochs = options_.epochs,
                            .images = batch.size,
                            .sum = state_.sum};
    if (state_.index == loader_.batches() && !finish_epoch(callbacks)) return false;
    if (!callbacks.on_step(progress)) return state_.epoch == epochs;
  }
  return true;
}

}  // namespace halfwave
