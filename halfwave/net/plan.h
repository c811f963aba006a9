// The run of a net for batches up to a size, forward and backward: which layers are fused, where each value
// lies, what backward keeps. Made once; a step then allocates nothing. A plan serves one thread at a time and
// uses the pool of threads itself; many plans may share a net.
//
// Fused: convolution, linear, batch norm and add with the activation that follows; ReLU with the max-pool
// that follows; in inference also batch norm, and the add of an earlier value, into the convolution before
// it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "halfwave/layer/operation.h"
#include "halfwave/net/arena.h"
#include "halfwave/net/net.h"
#include "halfwave/tensor/buffer.h"

namespace halfwave {

struct PlanOptions {
  std::int64_t batch = 1;       // the largest that will come
  bool training = false;        // keeps what backward needs; batch statistics and dropout
  bool input_gradient = false;  // backward also gives the gradient of the net's input
  KernelChoice kernels = KernelChoice::automatic;
  // Inference, to be looked at: what an activation gives is always made by itself, and so is what it takes
  // where its slope is computed from that.
  bool shows_activations = false;
  // Inference: nothing is fused, so that what each layer gives can be looked at.
  bool shows_layers = false;
};

// What a training step needs besides its images.
struct StepContext {
  std::span<float> running;  // the net's running statistics, to be updated; may be empty
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
};

// What one step of the plan costs: sums of seconds since profile() was called.
struct StepCost {
  std::string name;                // "conv1+relu"
  std::int64_t multiply_adds = 0;  // of one image, forward; each backward pass costs as many
  double forward = 0, backward_data = 0, backward_weights = 0;
  KernelUse forward_kernel, backward_data_kernel, backward_weights_kernel;  // of the last run
  bool has_backward_data = false;
  bool has_backward_weights = false;
};

class Plan {
 public:
  // The net must outlive the plan. Calls load(). Throws std::bad_alloc when memory is short.
  Plan(const Net& net, const PlanOptions& options);
  ~Plan();
  Plan(Plan&&) noexcept;

  // Takes over the net's parameters (packs weights); to be called whenever they have changed.
  void load();

  // Runs n images (1 <= n <= batch), NHWC, which must stay until backward() is done. Returns n outputs, valid
  // until the next call.
  const float* forward(const float* x, std::int64_t n, const StepContext& context = {});

  // The output of a step, just made: of some nodes that are fused into one, that of the last.
  struct Made {
    std::string_view step;  // its name
    std::size_t node;
    std::span<const float> values;  // of all images
  };
  // As forward(), calling look for the output of each step as it is made. What a convolution hands to the
  // max-pool behind it without writing it is written to be shown, or left out, which changes no bit.
  using Look = std::function<void(const Made&)>;
  enum class Show { every_step, what_is_written };
  const float* forward(const float* x, std::int64_t n, const StepContext& context, const Look& look,
                       Show show = Show::every_step);

  // Training: where the gradient of the loss by the outputs goes, between forward() and backward().
  float* output_gradient();

  // Adds the gradients of all parameters to `gradients` (laid out as net.parameters()).
  void backward(float* gradients);

  // With input_gradient: the gradient of the last batch's images, after backward().
  const float* input_gradient() const;

  // Bytes of the arena: all values, gradients and what is kept between them.
  std::size_t arena_bytes() const { return arena_.size(); }

  // Starts measuring (two clock readings a pass); costs() gives the sums.
  void profile();
  std::vector<StepCost> costs() const;

 private:
  struct Step;
  struct Builder;

  float* at(std::size_t buffer) const;
  const float* value(std::size_t value) const;

  const Net& net_;
  PlanOptions options_;
  std::vector<Step> steps_;
  std::vector<Lifetime> buffers_;
  std::vector<std::size_t> value_buffers_;     // by value; none where it is fused away or outside
  std::vector<std::size_t> gradient_buffers_;  // by value
  std::size_t output_ = 0;                     // the value that is the net's output
  Memory arena_;
  kernel::Workspace workspace_;
  const float* input_ = nullptr;
  std::int64_t n_ = 0;
  bool profiling_ = false;
};

}  // namespace halfwave
