#include "halfwave/data/loader.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>
#include <utility>

#include "halfwave/base/clock.h"
#include "halfwave/base/error.h"
#include "halfwave/base/random.h"

namespace halfwave {
namespace {

// One with the caller, one ready, one being made.
constexpr std::size_t ring_size = 3;

// A thread takes so many values of a batch at a time: enough that asking for them costs nothing.
constexpr std::size_t values_at_a_time = 1 << 14;

std::uint64_t count_batches(const Dataset& data, std::int64_t batch) {
  if (batch < 1) fail("batch: expected at least 1 image, got {}", batch);
  const std::uint64_t size = data.size();
  return (size - 1) / static_cast<std::uint64_t>(batch) + 1;
}

}  // namespace

void epoch_order(std::uint64_t seed, std::uint64_t epoch, std::span<std::uint32_t> order) {
  std::iota(order.begin(), order.end(), 0U);
  RandomStream random(seed, RandomPurpose::order, epoch);
  // Fisher and Yates, in Durstenfeld's form (1964).
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  }
}

Loader::Loader(std::shared_ptr<const Dataset> data, const Normalisation& normalisation,
               const LoaderOptions& options)
    : data_(std::move(data)),
      normaliser_(normalisation, data_->shape().channels),
      augmenter_(options.augmentation, data_->shape(), normalisation.mean),
      options_(options),
      batches_(count_batches(*data_, options.batch)),
      ring_(ring_size),
      order_(data_->size()) {
  assert(data_->size() <= std::numeric_limits<std::uint32_t>::max());
  const std::size_t most = std::min(static_cast<std::size_t>(options.batch), data_->size());
  for (Slot& slot : ring_) {
    slot.batch.x = Buffer(most * data_->shape().size());
    slot.batch.labels.reserve(most);
    slot.batch.other_labels.reserve(most);
    slot.batch.values.reserve(data_->is_regression() ? most : 0);
    slot.batch.examples.reserve(most);
    slot.skipped.resize(most);
  }
}

void Loader::seek(std::uint64_t epoch, std::uint64_t index) {
  if (index > batches_) {
    fail("cannot go to batch {} of epoch {}: an epoch of this data has {} batches", index, epoch, batches_);
  }
  threads_.clear();  // ends them; what was made ahead is dropped
  held_ = false;
  arranged_ = false;
  claimed_ = 0;
  released_ = 0;
  error_ = nullptr;
  epoch_ = index == batches_ ? epoch + 1 : epoch;
  index_ = index == batches_ ? 0 : index;
}

void Loader::start() {
  const bool works = data_->decodes() || options_.augmentation.changes_pictures();
  for (int i = 0; i < (works ? std::max(options_.threads, 1) : 1); ++i)
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
}

const Batch& Loader::next() {
  if (threads_.empty()) start();
  std::unique_lock lock(mutex_);
  if (std::exchange(held_, false)) {
    ++released_;
    changed_.notify_all();
  }
  Slot& slot = ring_[released_ % ring_size];
  const double begin = seconds_now();
  const auto ready = [&] { return claimed_ > released_ && slot.left == 0; };
  changed_.wait(lock, [&] { return ready() || error_; });
  waited_ += seconds_now() - begin;
  if (!ready()) std::rethrow_exception(error_);
  held_ = true;
  close_gaps(slot);
  mix(slot.batch);
  return slot.batch;
}

// Where examples were left out the ones behind them move up.
void Loader::close_gaps(Slot& slot) {
  Batch& batch = slot.batch;
  const std::size_t values = data_->shape().size();
  const std::size_t count = batch.examples.size();
  std::size_t kept = 0;
  for (std::size_t place = 0; place < count; ++place) {
    if (!slot.skipped[place].empty()) {
      options_.on_skip(slot.skipped[place]);
      continue;
    }
    if (kept != place) {
      std::copy_n(batch.x.data() + place * values, values, batch.x.data() + kept * values);
      batch.labels[kept] = batch.labels[place];
      batch.examples[kept] = batch.examples[place];
      if (!batch.values.empty()) batch.values[kept] = batch.values[place];
    }
    ++kept;
  }
  if (kept == 0) fail("{} examples in a row cannot be read, the first: {}", count, slot.skipped[0]);
  batch.labels.resize(kept);
  batch.examples.resize(kept);
  if (!batch.values.empty()) batch.values.resize(kept);
  batch.size = static_cast<std::int64_t>(kept);
}

// The first with the last, the second with the last but one, and so on.
void Loader::mix(Batch& batch) {
  batch.share = augmenter_.mixing_share(
      RandomStream(options_.seed, RandomPurpose::mixup, batch.epoch * batches_ + batch.index));
  batch.other_labels.clear();
  if (batch.share == 1) return;
  batch.other_labels.assign(batch.labels.rbegin(), batch.labels.rend());
  const auto share = static_cast<float>(batch.share);
  const std::size_t values = data_->shape().size();
  const std::size_t count = batch.labels.size();
  for (std::size_t i = 0; i < count / 2; ++i) {
    float* a = batch.x.data() + i * values;
    float* b = batch.x.data() + (count - 1 - i) * values;
    for (std::size_t k = 0; k < values; ++k) {
      const float first = a[k];
      const float second = b[k];
      a[k] = second + (first - second) * share;
      b[k] = first + (second - first) * share;
    }
  }
}

// Each thread takes some places of the batch claimed last, or of a new one.
void Loader::work(const std::stop_token& stop) {
  const std::size_t share = std::max(values_at_a_time / data_->shape().size(), std::size_t{1});
  std::vector<float> unchanged;
  try {
    for (;;) {
      std::unique_lock lock(mutex_);
      const auto work_left = [this] {
        return claimed_ > 0 && next_place_ < ring_[(claimed_ - 1) % ring_size].batch.examples.size();
      };
      const auto may_go_on = [&] { return error_ || work_left() || claimed_ - released_ < ring_size; };
      if (!changed_.wait(lock, stop, may_go_on) || error_) return;
      if (!work_left()) claim_batch();
      Slot& slot = ring_[(claimed_ - 1) % ring_size];
      const std::size_t begin = next_place_;
      next_place_ = std::min(begin + share, slot.batch.examples.size());
      const std::size_t end = next_place_;
      lock.unlock();

      for (std::size_t place = begin; place < end; ++place) {
        if (stop.stop_requested()) return;
        prepare(slot, place, unchanged);
      }

      lock.lock();
      slot.left -= end - begin;
      if (slot.left == 0) changed_.notify_all();
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::current_exception();
    changed_.notify_all();
  }
}

// Makes the next batch's list of examples.
void Loader::claim_batch() {
  if (!std::exchange(arranged_, true)) {
    if (options_.shuffle) {
      epoch_order(options_.seed, epoch_, order_);
    } else {
      std::iota(order_.begin(), order_.end(), 0U);
    }
  }
  Slot& slot = ring_[claimed_ % ring_size];
  const std::size_t begin = index_ * static_cast<std::size_t>(options_.batch);
  const std::size_t count = std::min(static_cast<std::size_t>(options_.batch), order_.size() - begin);
  slot.batch.examples.assign(order_.begin() + static_cast<std::ptrdiff_t>(begin),
                             order_.begin() + static_cast<std::ptrdiff_t>(begin + count));
  slot.batch.labels.resize(count);
  if (data_->is_regression()) slot.batch.values.resize(count);
  slot.batch.epoch = epoch_;
  slot.batch.index = index_;
  slot.left = count;
  next_place_ = 0;
  ++claimed_;
  if (++index_ == batches_) {
    index_ = 0;
    ++epoch_;
    arranged_ = false;
  }
  changed_.notify_all();
}

void Loader::prepare(Slot& slot, std::size_t place, std::vector<float>& unchanged) {
  const std::size_t example = slot.batch.examples[place];
  const Shape shape = data_->shape();
  float* x = slot.batch.x.data() + place * shape.size();
  slot.batch.labels[place] = data_->label(example);
  if (!slot.batch.values.empty())
    slot.batch.values[place] =
        (data_->target(example) - options_.target.mean[0]) / options_.target.deviation[0];
  slot.skipped[place].clear();
  try {
    if (options_.augmentation.changes_pictures()) {
      augmenter_.get(*data_, example,
                     RandomStream(options_.seed, RandomPurpose::augment, slot.batch.epoch,
                                  static_cast<std::uint32_t>(example)),
                     unchanged, x);
    } else {
      data_->get(example, x);
    }
  } catch (const Error& error) {
    if (!options_.on_skip) throw;
    slot.skipped[place] = error.what();
    return;
  }
  normaliser_.apply(x, shape.pixels());
}

}  // namespace halfwave
