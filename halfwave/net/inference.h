// A net made ready to run on images, forward only, on all threads.
//
// A batch is shared out: each thread takes its images through the whole net, a few at a time, so that what
// one layer writes is still in its core's cache when the next reads it, and no thread waits for another.
// Where there are fewer images than threads, or so many weights that reading them once a thread costs more
// than it brings, all threads work on the same images.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "halfwave/net/plan.h"

namespace halfwave {

// Serves one thread at a time and uses the pool of threads itself; many may share a net.
class Inference {
 public:
  // For up to `batch` images, on as many threads as a loop started here uses. The net must outlive it. Calls
  // load(). Throws std::bad_alloc when memory is short. shows_activations: see PlanOptions.
  Inference(const Net& net, std::int64_t batch, KernelChoice kernels = KernelChoice::automatic,
            bool shows_activations = false);

  // Takes over the net's parameters (packs weights); to be called whenever they have changed.
  void load();

  // Runs n images (1 <= n <= batch), NHWC. Returns n outputs, valid until the next call. The first call with
  // a new n makes what it needs for it.
  const float* forward(const float* x, std::int64_t n);

  // As forward(), calling look(share, made) for what each step makes of some of the images; at the same time
  // only for different shares, which are numbers below shares().
  using Look = std::function<void(std::size_t, const Plan::Made&)>;
  const float* forward(const float* x, std::int64_t n, const Look& look);
  std::size_t shares() const { return std::max<std::size_t>(shares_.size(), 1); }

  std::int64_t batch() const { return batch_; }

  // Bytes of all values between layers.
  std::size_t arena_bytes() const;

  // Starts measuring; costs() gives the sums of each step, those of threads side by side counted once.
  void profile();
  std::vector<StepCost> costs() const;

 private:
  const Net& net_;
  std::int64_t batch_;
  std::vector<Plan> shares_;      // by thread; empty where the threads work together
  std::optional<Plan> together_;  // for fewer images than shares, or all
  Buffer outputs_;
};

}  // namespace halfwave
