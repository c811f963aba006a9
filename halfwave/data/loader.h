// Batches for training, prepared in the background by one thread while the caller computes.
// What comes when depends on the data, the options and the position alone, so a run that is resumed sees what
// an uninterrupted one would have seen. Leaves out augmentation.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

#include "halfwave/data/dataset.h"
#include "halfwave/data/normalisation.h"
#include "halfwave/tensor/buffer.h"

namespace halfwave {

struct Batch {
  std::int64_t size = 0;    // number of images
  Buffer pixels;            // size x height x width x channels normalised values come first; more may follow
  std::vector<int> labels;  // size of them
  std::uint64_t epoch = 0;
  std::uint64_t index = 0;  // of the batch in its epoch
};

struct LoaderOptions {
  std::int64_t batch = 64;  // images
  bool shuffle = true;      // anew each epoch; else in the order of the data set
  std::uint64_t seed = 0;
};

// Fills order with a permutation of 0 ... size - 1 that depends on seed and epoch only.
void epoch_order(std::uint64_t seed, std::uint64_t epoch, std::span<std::uint32_t> order);

// Endless batches, epoch after epoch. For one thread at a time.
class Loader {
 public:
  // Memory for all batches is taken here, none later. Error when the batch is not > 0 images or the
  // normalisation does not suit the data.
  Loader(std::shared_ptr<const Dataset> data, const Normalisation& normalisation,
         const LoaderOptions& options = {});

  // Batches an epoch; the last one may be smaller than the others.
  std::uint64_t batches() const { return batches_; }

  // Makes this the next batch to be delivered; index may be batches(), which means the next epoch's first.
  // Error when there is no such batch. Ends the validity of the batch delivered last.
  void seek(std::uint64_t epoch, std::uint64_t index);

  // The next batch, valid until the next call of next() or seek(). Throws what the data set's get() threw for
  // it, and then again at every call until seek().
  const Batch& next();

 private:
  void run(const std::stop_token& stop, std::uint64_t epoch, std::uint64_t index);
  bool fill(const std::stop_token& stop, Batch& batch);

  const std::shared_ptr<const Dataset> data_;
  const Normaliser normaliser_;
  const LoaderOptions options_;
  const std::uint64_t batches_;
  std::uint64_t epoch_ = 0;  // where the thread starts
  std::uint64_t index_ = 0;
  bool held_ = false;  // whether the caller has a batch

  // The thread's own while it runs.
  std::vector<std::uint32_t> order_;
  std::vector<std::uint8_t> image_;

  std::mutex mutex_;  // guards what follows, but not the content of the batches
  std::condition_variable_any changed_;
  std::vector<Batch> ring_;     // batch number i of this start is ring_[i % ring_.size()]
  std::uint64_t made_ = 0;      // batches
  std::uint64_t released_ = 0;  // batches that the caller has done with
  std::exception_ptr error_;    // why no more are made

  std::jthread thread_;  // last, so that it ends before what it uses
};

}  // namespace halfwave
