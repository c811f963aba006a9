// Batches for training, prepared in the background while the caller computes.
// What comes when depends on the data, the options and the position alone, so a run that is resumed sees what
// an uninterrupted one would have seen.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "halfwave/data/augment.h"
#include "halfwave/data/dataset.h"
#include "halfwave/data/normalisation.h"
#include "halfwave/tensor/buffer.h"

namespace halfwave {

struct Batch {
  std::int64_t size = 0;    // number of examples
  Buffer x;                 // size x height x width x channels normalised values come first; more may follow
  std::vector<int> labels;  // size of them
  std::vector<std::uint32_t> examples;  // as many: which of the data set's they are
  std::vector<float> values;            // of numbers to be learned: as many, normalised as well; else none
  // Of mixed examples, in which x is share times the first and the rest times a second one: the labels of the
  // second ones. Else none, and share is 1.
  std::vector<int> other_labels;
  double share = 1;
  std::uint64_t epoch = 0;
  std::uint64_t index = 0;  // of the batch in its epoch
};

struct LoaderOptions {
  std::int64_t batch = 64;  // examples
  bool shuffle = true;      // anew each epoch; else in the order of the data set
  std::uint64_t seed = 0;
  Augmentation augmentation{};
  Normalisation target{};  // of a number to be learned
  // That prepare, at most: one will do where examples are neither decoded nor changed. They change nothing
  // but the time it takes.
  int threads = 1;

  // An example that get() throws Error for is left out of its batch, and why is told here, by next(). Without
  // this function next() throws the error.
  std::function<void(const std::string&)> on_skip{};
};

// Fills order with a permutation of 0 ... size - 1 that depends on seed and epoch only.
void epoch_order(std::uint64_t seed, std::uint64_t epoch, std::span<std::uint32_t> order);

// Endless batches, epoch after epoch. For one thread at a time.
class Loader {
 public:
  // Memory for all batches is taken here, none later. Error when the batch is not > 0 examples or the
  // normalisation does not suit the data.
  Loader(std::shared_ptr<const Dataset> data, const Normalisation& normalisation,
         const LoaderOptions& options = {});

  // Batches an epoch; the last one may be smaller than the others.
  std::uint64_t batches() const { return batches_; }

  // Makes this the next batch to be delivered; index may be batches(), which means the next epoch's first.
  // Error when there is no such batch. Ends the validity of the batch delivered last.
  void seek(std::uint64_t epoch, std::uint64_t index);

  // The next batch, valid until the next call of next() or seek(). Throws what the data set's get() threw for
  // it, and then again at every call until seek(). Error when all of its examples had to be left out.
  const Batch& next();

  // Seconds that next() has waited for batches, in all.
  double seconds_waited() const { return waited_; }

 private:
  // A batch in the making.
  struct Slot {
    Batch batch;
    std::vector<std::string> skipped;  // by place in the batch: why it is left out, or empty
    std::size_t left = 0;              // places that are not ready
  };

  void start();
  void work(const std::stop_token& stop);
  void claim_batch();
  void prepare(Slot& slot, std::size_t place, std::vector<float>& unchanged);
  void close_gaps(Slot& slot);
  void mix(Batch& batch);

  const std::shared_ptr<const Dataset> data_;
  const Normaliser normaliser_;
  const Augmenter augmenter_;
  const LoaderOptions options_;
  const std::uint64_t batches_;
  std::uint64_t epoch_ = 0;  // of the next batch to be claimed
  std::uint64_t index_ = 0;
  bool held_ = false;  // whether the caller has a batch
  double waited_ = 0;

  std::mutex mutex_;  // guards what follows, but not what lies at the places of a batch that is not ready
  std::condition_variable_any changed_;
  std::vector<Slot> ring_;            // batch number i of this start is ring_[i % ring_.size()]
  std::vector<std::uint32_t> order_;  // of epoch_, if arranged_
  bool arranged_ = false;
  std::uint64_t claimed_ = 0;   // batches of which a place is being prepared or ready
  std::size_t next_place_ = 0;  // of the batch claimed last
  std::uint64_t released_ = 0;  // batches that the caller has done with
  std::exception_ptr error_;    // why no more are made

  std::vector<std::jthread> threads_;  // last, so that they end before what they use
};

}  // namespace halfwave
