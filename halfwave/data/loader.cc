#include "halfwave/data/loader.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>
#include <utility>

#include "halfwave/base/error.h"
#include "halfwave/base/random.h"

namespace halfwave {
namespace {

// One with the caller, one ready, one being made.
constexpr std::size_t ring_size = 3;

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
      options_(options),
      batches_(count_batches(*data_, options.batch)),
      order_(data_->size()),
      image_(data_->shape().size()),
      ring_(ring_size) {
  assert(data_->size() <= std::numeric_limits<std::uint32_t>::max());
  const std::size_t most = std::min(static_cast<std::size_t>(options.batch), data_->size());
  for (Batch& batch : ring_) {
    batch.pixels = Buffer(most * data_->shape().size());
    batch.labels.reserve(most);
  }
}

void Loader::seek(std::uint64_t epoch, std::uint64_t index) {
  if (index > batches_) {
    fail("cannot go to batch {} of epoch {}: an epoch of this data has {} batches", index, epoch, batches_);
  }
  thread_ = {};  // ends it; what was made ahead is dropped
  held_ = false;
  made_ = 0;
  released_ = 0;
  error_ = nullptr;
  epoch_ = index == batches_ ? epoch + 1 : epoch;
  index_ = index == batches_ ? 0 : index;
}

const Batch& Loader::next() {
  if (!thread_.joinable()) {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop, epoch_, index_); });
  }
  std::unique_lock lock(mutex_);
  if (std::exchange(held_, false)) {
    ++released_;
    changed_.notify_all();
  }
  changed_.wait(lock, [this] { return made_ > released_ || error_; });
  if (made_ == released_) std::rethrow_exception(error_);
  held_ = true;
  return ring_[released_ % ring_size];
}

void Loader::run(const std::stop_token& stop, std::uint64_t epoch, std::uint64_t index) {
  try {
    for (bool arranged = false;;) {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return made_ - released_ < ring_size; })) return;
      Batch& batch = ring_[made_ % ring_size];
      lock.unlock();

      if (!std::exchange(arranged, true)) {
        if (options_.shuffle) {
          epoch_order(options_.seed, epoch, order_);
        } else {
          std::iota(order_.begin(), order_.end(), 0U);
        }
      }
      batch.epoch = epoch;
      batch.index = index;
      if (!fill(stop, batch)) return;
      if (++index == batches_) {
        index = 0;
        ++epoch;
        arranged = false;
      }

      lock.lock();
      ++made_;
      changed_.notify_all();
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    error_ = std::current_exception();
    changed_.notify_all();
  }
}

// False when the thread shall end.
bool Loader::fill(const std::stop_token& stop, Batch& batch) {
  const std::size_t begin = batch.index * static_cast<std::size_t>(options_.batch);
  const std::size_t count = std::min(static_cast<std::size_t>(options_.batch), data_->size() - begin);
  const Shape shape = data_->shape();
  batch.size = static_cast<std::int64_t>(count);
  batch.labels.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (stop.stop_requested()) return false;
    batch.labels[i] = data_->get(order_[begin + i], image_.data());
    normaliser_.apply(image_.data(), shape.pixels(), batch.pixels.data() + i * shape.size());
  }
  return true;
}

}  // namespace halfwave
