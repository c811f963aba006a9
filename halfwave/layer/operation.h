// The run of one layer for a batch, as a plan drives it. A layer is immutable and shared; an operation
// belongs to one plan and one thread at a time, and uses the pool of threads itself.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "halfwave/activation/activation.h"
#include "halfwave/kernel/epilogue.h"
#include "halfwave/kernel/kernel_choice.h"
#include "halfwave/kernel/pool.h"
#include "halfwave/kernel/workspace.h"

namespace halfwave {

class Layer;

// What the plan wants of an operation.
struct OperationRequest {
  std::int64_t batch = 1;       // the largest that will come
  bool training = false;        // backward will be called; batch statistics, dropout
  bool input_gradient = false;  // backward_data will be called
  std::uint32_t index = 0;      // of the layer in its net: part of the key of random numbers
  std::size_t net_weights = 0;  // of all layers
  KernelChoice kernels = KernelChoice::automatic;
  std::optional<Activation> epilogue = {};  // applied to y as it is made; see Layer::takes_epilogue
  bool rectify = false;                     // max-pool alone: a ReLU that stood before it
  const Layer* folded_norm = nullptr;       // convolution in inference: the batch norm that follows
  bool add_to_last_input = false;  // convolution in inference: an add that follows, of one more input
};

// What backward needs of forward, so that the plan can free or share the rest.
struct OperationTraits {
  bool backward_needs_x = false;
  bool backward_needs_y = false;
  std::optional<std::size_t> forward_in_place = {};  // the input that y may be
  bool backward_in_place = false;                    // dx may be dy
  bool view = false;                                 // y is x, seen in another shape: always shared
  bool applies_slope = false;                        // backward_weights applies BackwardArguments::slope
  // A max-pool behind a convolution: pooled_output() and pooled_gradient(), for forward_pooled() and
  // BackwardArguments::pooled.
  bool joins_convolution = false;
  bool joins_pool = false;
  std::size_t saved_bytes = 0;  // kept from forward to backward
};

// Trained parameters and running statistics of the whole net; a layer's parts lie at its parameters' offsets.
struct NetValues {
  const float* parameters = nullptr;
  const float* state = nullptr;
};

struct ForwardArguments {
  std::int64_t n = 0;
  std::span<const float* const> x;
  float* y = nullptr;
  NetValues values;
  float* running = nullptr;  // the running statistics, to be updated; null where they must not be
  std::byte* saved = nullptr;
  std::uint8_t* mask = nullptr;  // where the epilogue leaves its bits; null where backward takes y
  kernel::Workspace* workspace = nullptr;
  std::uint64_t seed = 0;  // with the step and the image, the key of random numbers
  std::uint64_t step = 0;
};

struct BackwardArguments {
  std::int64_t n = 0;
  std::span<const float* const> x;  // null where not needed
  const float* y = nullptr;         // null where not needed
  float* dy = nullptr;
  // What the max-pool that follows gives instead of dy, which is memory for it then. Null: dy is there.
  const kernel::PooledGradient* pooled = nullptr;
  kernel::Epilogue slope = {};  // of the epilogue, to be applied to dy in place: see applies_slope
  std::span<float* const> dx;   // overwritten; null where not wanted
  NetValues values;
  float* gradients = nullptr;  // of all parameters; added to
  std::byte* saved = nullptr;
  kernel::Workspace* workspace = nullptr;
};

// What the last run of a pass took, for people.
struct KernelUse {
  const char* name = "";  // "onednn", "winograd", "sparse"; empty where there is but one way
  double zeros = -1;      // the share that was counted in what could be skipped; -1: none were counted
};

class Operation {
 public:
  virtual ~Operation() = default;

  virtual OperationTraits traits() const = 0;
  // The values have changed (or are there for the first time): pack the weights.
  virtual void load(const NetValues&) {}
  virtual void forward(const ForwardArguments& arguments) = 0;
  // Makes the output of a max-pool that follows and none of its own; false: nothing was done.
  virtual bool forward_pooled(const ForwardArguments&, const kernel::PooledOutput&) { return false; }
  virtual kernel::PooledOutput pooled_output(const ForwardArguments&) { return {}; }
  // Whether all that forward() of n images shares out among threads are loops of ours, for with_team().
  virtual bool suits_team(std::int64_t) const { return true; }
  // Gradients of the parameters; comes before backward_data.
  virtual void backward_weights(const BackwardArguments&) {}
  virtual void backward_data(const BackwardArguments& arguments) = 0;
  // Instead of backward_data; valid as long as dy and saved.
  virtual kernel::PooledGradient pooled_gradient(const BackwardArguments&) { return {}; }

  virtual KernelUse forward_kernel() const { return {}; }
  virtual KernelUse backward_data_kernel() const { return {}; }
  virtual KernelUse backward_weights_kernel() const { return {}; }
};

// The activation behind an operation as the epilogue of its kernel, for one call of forward. With a mask, the
// blocks that the kernel works on begin at multiples of 8 values.
class ActivationEpilogue {
 public:
  ActivationEpilogue(const std::optional<Activation>& activation, const ForwardArguments& arguments)
      : activation_(activation ? &*activation : nullptr), y_(arguments.y), mask_(arguments.mask) {}

  kernel::Epilogue get() const {
    if (activation_ == nullptr) return {};
    return {[](const void* context, float* y, std::size_t count) {
              static_cast<const ActivationEpilogue*>(context)->apply(y, count);
            },
            this};
  }

 private:
  void apply(float* y, std::size_t count) const {
    if (mask_ == nullptr) {
      activation_->forward(y, y, count);
    } else {
      activation_->forward(y, y, mask_ + (y - y_) / 8, count);
    }
  }

  const Activation* activation_;
  const float* y_;
  std::uint8_t* mask_;
};

// The slope of that activation, for one call of backward_weights: from the mask, or from y where there is
// none.
class ActivationSlope {
 public:
  ActivationSlope(const Activation& activation, const float* y, const std::uint8_t* mask, const float* dy)
      : activation_(activation), y_(y), mask_(mask), dy_(dy) {}

  kernel::Epilogue get() const {
    return {[](const void* context, float* dy, std::size_t count) {
              static_cast<const ActivationSlope*>(context)->apply(dy, count);
            },
            this};
  }

 private:
  void apply(float* dy, std::size_t count) const {
    const std::ptrdiff_t at = dy - dy_;
    if (mask_ == nullptr) {
      activation_.backward(y_ + at, dy, dy, count);
    } else {
      activation_.backward(mask_ + at / 8, dy, dy, count);
    }
  }

  const Activation& activation_;
  const float* y_;
  const std::uint8_t* mask_;
  const float* dy_;
};

}  // namespace halfwave
