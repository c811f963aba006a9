#include "halfwave/train/trainer.h"

#include <algorithm>
#include <cmath>

#include "halfwave/base/clock.h"
#include "halfwave/base/error.h"
#include "halfwave/base/parallel.h"
#include "halfwave/base/text.h"
#include "halfwave/data/examine.h"
#include "halfwave/train/fine_tune.h"
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

// All classes weigh alike, and an image weighs 1 on average; a class without images weighs nothing.
std::vector<float> balancing_weights(const Dataset& data) {
  const std::vector<std::size_t> counts = count_labels(data);
  const auto used = counts.size() - static_cast<std::size_t>(std::count(counts.begin(), counts.end(), 0U));
  std::vector<float> weights;
  weights.reserve(counts.size());
  for (const std::size_t count : counts) {
    const auto share = static_cast<double>(used) * static_cast<double>(count);
    weights.push_back(count > 0 ? static_cast<float>(static_cast<double>(data.size()) / share) : 0);
  }
  return weights;
}

}  // namespace

Trainer::Trainer(Net& net, const DataPair& data, const TrainOptions& options)
    : net_(net),
      data_(data),
      options_(resolved(options)),
      info_(describe_data(*checked(net, data))),
      loader_(data.train, info_.normalisation,
              {.batch = options_.batch,
               .seed = options_.seed,
               .augmentation = parse_augmentation(options_.augment),
               .target = info_.target,
               .threads = static_cast<int>(options_.threads),
               .on_skip =
                   [this](const std::string& why) {
                     if (!on_skip_) fail("{}", why);
                     on_skip_(why);
                   }}),
      step_(net, options_, std::min(options_.batch, static_cast<std::int64_t>(data.train->size())),
            options_.balance_classes ? balancing_weights(*data.train) : std::vector<float>{},
            rate_factors(net, options_)) {
  net_.initialise(options_.seed);
  if (options_.average > 0) average_.emplace(net_);
}

Trainer::~Trainer() = default;

void Trainer::start_from(Model& model) {
  copy_values(model, net_, parts_of(options_.fresh));
  if (average_) average_.emplace(net_);
}

void Trainer::restore(TrainState state) {
  state_ = std::move(state);
  loader_.seek(state_.epoch, state_.index);
}

LossSum Trainer::update(const Batch& batch, double rate, StepObserver* observer) {
  std::optional<StepWatch> watch;
  if (observer != nullptr && observer->wants(state_.step))
    watch.emplace(StepWatch{*observer, static_cast<std::int64_t>(state_.epoch) + 1, state_.tally});
  return step_.run(batch.x.data(), {batch.labels, batch.other_labels, batch.share, batch.values}, state_.step,
                   rate, watch ? &*watch : nullptr);
}

LossSum Trainer::try_rate(double rate) {
  set_thread_count(static_cast<int>(options_.threads));
  const LossSum sum = update(loader_.next(), rate);
  ++state_.step;
  return sum;
}

void Trainer::step(const Batch& batch, StepObserver* observer) {
  const LossSum sum = update(batch, scheduled_rate(options_, state_.step, loader_.batches()), observer);
  if (!std::isfinite(sum.loss)) explain(batch);
  ++state_.step;
  state_.sum += sum;
  if (average_) average_->take_in(net_, options_.average, state_.step);
}

std::string Trainer::advice() const {
  return fmt::format("try a lower rate (--rate {:.3g}), a longer --warm-up, or batch_norm layers",
                     options_.rate / 10);
}

void Trainer::explain(const Batch& batch) {
  const std::string where = step_.first_not_finite(batch.x.data(), batch.size, state_.step);
  throw LossNotFinite(fmt::format("the loss is no longer finite in epoch {}, step {}: it began in {}; {}",
                                  state_.epoch + 1, state_.step + 1, where, advice()));
}

bool Trainer::finish_epoch(const Callbacks& callbacks) {
  if (!inference_) {
    inference_.emplace(model_net(), std::min(options_.batch, static_cast<std::int64_t>(data_.test->size())),
                       options_.kernels);
  }
  inference_->load();
  bool whole = true;
  const Evaluation test = evaluate(model_net(), *inference_, data_.test, info_,
                                   {.on_batch =
                                        [&](std::size_t images) {
                                          whole = callbacks.on_test(images) || images == data_.test->size();
                                          return whole;
                                        },
                                    .on_skip = callbacks.on_skip});
  if (!whole) return false;
  if (!std::isfinite(test.sum.loss)) {
    throw LossNotFinite(fmt::format("the loss on the test images is no longer finite after epoch {}; {}",
                                    state_.epoch + 1, advice()));
  }
  EpochResult result{.epoch = static_cast<std::int64_t>(state_.epoch) + 1,
                     .train_loss = state_.sum.mean_loss(),
                     .train_accuracy = test.distances ? state_.sum.explained() : state_.sum.accuracy(),
                     .test_loss = test.sum.mean_loss(),
                     .test_accuracy = test.distances ? test.distances->r2 : test.sum.accuracy(),
                     .rate = scheduled_rate(options_, state_.step - 1, loader_.batches()),
                     .seconds = state_.seconds,
                     .waited = state_.waited,
                     .best = true,
                     .health = std::move(state_.health)};
  for (const EpochResult& earlier : state_.history) {
    result.best = result.best && earlier.test_accuracy < result.test_accuracy;
  }
  state_.history.push_back(result);
  state_.health = {};
  state_.sum = {};
  state_.seconds = 0;
  state_.waited = 0;
  ++state_.epoch;
  state_.index = 0;
  callbacks.on_epoch(result);
  return true;
}

bool Trainer::is_out_of_patience() const {
  if (options_.patience == 0) return false;
  const auto& history = state_.history;
  const auto best =
      std::find_if(history.rbegin(), history.rend(), [](const EpochResult& r) { return r.best; });
  return best - history.rbegin() >= options_.patience;
}

bool Trainer::run(const Callbacks& callbacks) {
  set_thread_count(static_cast<int>(options_.threads));
  if (options_.revive > 0 && callbacks.observer == nullptr) {
    fail("revive: dead units can begin anew only while a Watch counts them (leave --no-watch out)");
  }
  on_skip_ = callbacks.on_skip;
  const auto epochs = static_cast<std::uint64_t>(options_.epochs);
  // Only the test was left.
  if (state_.index == loader_.batches() && !finish_epoch(callbacks)) return false;
  while (state_.epoch < epochs && !is_out_of_patience()) {
    const double start = seconds_now();
    const double waited = loader_.seconds_waited();
    const Batch& batch = loader_.next();
    state_.waited += loader_.seconds_waited() - waited;
    step(batch, callbacks.observer);
    ++state_.index;
    if (state_.index == loader_.batches() && callbacks.observer != nullptr)
      state_.health = callbacks.observer->end_epoch(net_, optimiser(), state_.tally);
    state_.seconds += seconds_now() - start;
    const Progress progress{.epoch = state_.epoch,
                            .batch = state_.index,
                            .batches = loader_.batches(),
                            .epochs = options_.epochs,
                            .images = batch.size,
                            .sum = state_.sum};
    if (state_.index == loader_.batches() && !finish_epoch(callbacks)) return false;
    if (!callbacks.on_step(progress)) return state_.epoch == epochs || is_out_of_patience();
  }
  return true;
}

}  // namespace halfwave
