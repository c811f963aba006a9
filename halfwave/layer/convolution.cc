#include "halfwave/layer/convolution.h"

#include "halfwave/base/error.h"
#include "halfwave/base/parallel.h"
#include "halfwave/kernel/channel_sum.h"
#include "halfwave/kernel/elementwise.h"
#include "halfwave/layer/batch_norm.h"

namespace halfwave {
namespace {

kernel::ConvolutionUse use_of(const OperationRequest& request) {
  return {.batch = request.batch,
          .training = request.training,
          .adds = request.add_to_last_input,
          .threads = static_cast<std::size_t>(thread_count()),
          .net_weights = request.net_weights,
          .kernels = request.kernels};
}

template <class Kernel>
KernelUse use_of(const Kernel* kernel) {
  if (kernel == nullptr) return {};
  return {.name = kernel->name(), .zeros = kernel->zeros()};
}

class ConvolutionOperation final : public Operation {
 public:
  ConvolutionOperation(const kernel::ConvolutionSize& size, const OperationRequest& request,
                       std::size_t weight, std::optional<std::size_t> bias)
      : epilogue_(request.epilogue),
        norm_(static_cast<const BatchNorm*>(request.folded_norm)),
        adds_(request.add_to_last_input),
        weight_(weight),
        bias_(bias),
        size_(size),
        forward_(kernel::make_convolution_forward(size, use_of(request))),
        backward_data_(request.input_gradient ? kernel::make_convolution_backward_data(size, use_of(request))
                                              : nullptr),
        backward_weights_(request.training ? kernel::make_convolution_backward_weights(size, use_of(request))
                                           : nullptr) {}

  OperationTraits traits() const override {
    return {.backward_needs_x = true,
            .forward_in_place = adds_ ? std::optional<std::size_t>(1) : std::nullopt,
            .applies_slope = true,
            .joins_pool = !epilogue_};
  }

  void load(const NetValues& values) override {
    const float* w = values.parameters + weight_;
    const float* b = bias_ ? values.parameters + *bias_ : nullptr;
    if (norm_ != nullptr) {
      fold(values, w, b);
      w = folded_weight_.data();
      b = folded_bias_.data();
    }
    forward_->load(w, b);
    if (backward_data_) backward_data_->load(w);
  }

  void forward(const ForwardArguments& a) override {
    if (adds_) kernel::copy(a.x[1], a.y, size_.output_size() * static_cast<std::size_t>(a.n));
    const ActivationEpilogue epilogue(epilogue_, a);
    forward_->run(a.n, a.x[0], a.y, epilogue.get(), *a.workspace);
  }

  bool forward_pooled(const ForwardArguments& a, const kernel::PooledOutput& y) override {
    return forward_->run_pooled(a.n, a.x[0], y, *a.workspace);
  }

  void backward_weights(const BackwardArguments& a) override {
    float* db = bias_ ? a.gradients + *bias_ : nullptr;
    float* dw = a.gradients + weight_;
    spread_ = false;
    if (a.pooled != nullptr) {
      bias_gradient(a, a.pooled->size.output_size(), a.pooled->dy, db);
      if (backward_weights_->run_pooled(a.n, a.x[0], *a.pooled, dw, *a.workspace)) return;
      spread(a);
    } else {
      bias_gradient(a, size_.output_size(), a.dy, db);
    }
    backward_weights_->run(a.n, a.x[0], a.dy, dw, *a.workspace);
  }

  void backward_data(const BackwardArguments& a) override {
    if (a.pooled != nullptr) {
      if (backward_data_->run_pooled(a.n, *a.pooled, a.dx[0], *a.workspace)) return;
      if (!spread_) spread(a);
    }
    backward_data_->run(a.n, a.dy, a.dx[0], *a.workspace);
  }

  bool suits_team(std::int64_t n) const override { return forward_->suits_team(n); }

  KernelUse forward_kernel() const override { return use_of(forward_.get()); }
  KernelUse backward_data_kernel() const override { return use_of(backward_data_.get()); }
  KernelUse backward_weights_kernel() const override { return use_of(backward_weights_.get()); }

 private:
  std::size_t channels() const { return static_cast<std::size_t>(size_.output_channels); }

  void bias_gradient(const BackwardArguments& a, std::size_t image, float* dy, float* db) const {
    kernel::bias_gradient(image * static_cast<std::size_t>(a.n) / channels(), channels(), dy, a.slope, db,
                          *a.workspace);
  }

  // Makes dy of a max-pool's gradient.
  void spread(const BackwardArguments& a) {
    const kernel::PooledGradient& from = *a.pooled;
    kernel::max_pool_backward(from.size, a.n, from.dy, a.dy,
                              reinterpret_cast<const std::byte*>(from.winners));
    spread_ = true;
  }

  // The batch norm that follows, worked into weights and bias.
  void fold(const NetValues& values, const float* w, const float* b) {
    const auto outputs = static_cast<std::size_t>(size_.output_channels);
    const std::size_t taps = size_.weight_count() / outputs;
    folded_weight_.resize(size_.weight_count());
    folded_bias_.resize(outputs);
    std::vector<float> scale(outputs);
    norm_->scale_and_shift(values, scale.data(), folded_bias_.data());
    for (std::size_t o = 0; o < outputs; ++o) {
      for (std::size_t t = 0; t < taps; ++t) folded_weight_[o * taps + t] = w[o * taps + t] * scale[o];
      if (b != nullptr) folded_bias_[o] += b[o] * scale[o];
    }
  }

  std::optional<Activation> epilogue_;
  const BatchNorm* norm_;
  bool adds_;  // to its second input
  std::size_t weight_;
  std::optional<std::size_t> bias_;
  kernel::ConvolutionSize size_;
  std::unique_ptr<kernel::ConvolutionForward> forward_;
  std::unique_ptr<kernel::ConvolutionBackwardData> backward_data_;
  std::unique_ptr<kernel::ConvolutionBackwardWeights> backward_weights_;
  bool spread_ = false;  // dy has been made of a max-pool's gradient
  std::vector<float> folded_weight_;
  std::vector<float> folded_bias_;
};

std::int64_t output_size(std::string_view side, std::int64_t input, std::int64_t kernel, std::int64_t stride,
                         std::int64_t pad, std::int64_t dilation) {
  const std::int64_t reach = dilation * (kernel - 1) + 1;
  if (input + 2 * pad < reach) {
    fail("its kernel reaches over {} rows or columns, but the padded {} of its input is {}", reach, side,
         input + 2 * pad);
  }
  return (input + 2 * pad - reach) / stride + 1;
}

}  // namespace

Shape Convolution::bind(std::span<const Shape> inputs) {
  const Shape& in = only(inputs);
  const auto& o = options_;
  if (in.channels % o.groups != 0 || o.channels % o.groups != 0) {
    fail("{} groups divide neither or only one of {} input and {} output channels", o.groups, in.channels,
         o.channels);
  }
  const Shape out{
      output_size("height", in.height, o.kernel.height, o.stride.height, o.pad.height, o.dilation.height),
      output_size("width", in.width, o.kernel.width, o.stride.width, o.pad.width, o.dilation.width),
      o.channels};
  size_ = {.input_height = in.height,
           .input_width = in.width,
           .input_channels = in.channels,
           .output_height = out.height,
           .output_width = out.width,
           .output_channels = out.channels,
           .kernel_height = o.kernel.height,
           .kernel_width = o.kernel.width,
           .stride_height = o.stride.height,
           .stride_width = o.stride.width,
           .pad_height = o.pad.height,
           .pad_width = o.pad.width,
           .dilation_height = o.dilation.height,
           .dilation_width = o.dilation.width,
           .groups = o.groups};
  const double taps = static_cast<double>(o.kernel.height) * static_cast<double>(o.kernel.width) /
                      static_cast<double>(o.groups);
  parameters_.push_back({.name = "weight",
                         .dims = {o.channels, o.kernel.height, o.kernel.width, in.channels / o.groups},
                         .start = Parameter::Start::random,
                         .fan_in = taps * static_cast<double>(in.channels),
                         .fan_out = taps * static_cast<double>(o.channels),
                         .decays = true});
  if (o.bias) parameters_.push_back({.name = "bias", .dims = {o.channels}});
  return out;
}

std::unique_ptr<Operation> Convolution::operation(const OperationRequest& request) const {
  return std::make_unique<ConvolutionOperation>(
      size_, request, parameters_[0].offset,
      options_.bias ? std::optional(parameters_[1].offset) : std::optional<std::size_t>());
}

std::int64_t Convolution::multiply_adds() const {
  return size_.output_height * size_.output_width * static_cast<std::int64_t>(size_.weight_count());
}

}  // namespace halfwave
