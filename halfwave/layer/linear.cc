#include "halfwave/layer/linear.h"

#include "halfwave/kernel/channel_sum.h"
#include "halfwave/kernel/product.h"

namespace halfwave {
namespace {

// Whether zeros of dy are skipped.
bool skips(const kernel::ProductSize& size, KernelChoice kernels) {
  switch (kernels) {
    case KernelChoice::dense:
    case KernelChoice::winograd:
      return false;
    case KernelChoice::sparse:
      return true;
    case KernelChoice::automatic:
    case KernelChoice::exact:
      break;
  }
  return kernel::skipping_pays(size);
}

class LinearOperation final : public Operation {
 public:
  LinearOperation(kernel::ProductSize size, const OperationRequest& request, std::size_t weight,
                  std::optional<std::size_t> bias)
      : size_(size),
        forward_(size, request.training),
        epilogue_(request.epilogue),
        weight_(weight),
        bias_(bias),
        skips_(skips(size, request.kernels)) {}

  OperationTraits traits() const override { return {.backward_needs_x = true, .applies_slope = true}; }

  void load(const NetValues& values) override {
    forward_.load(values.parameters + weight_, bias_ ? values.parameters + *bias_ : nullptr);
  }

  void forward(const ForwardArguments& a) override {
    const ActivationEpilogue epilogue(epilogue_, a);
    forward_.run(a.n, a.x[0], a.y, epilogue.get(), *a.workspace);
  }

  void backward_weights(const BackwardArguments& a) override {
    kernel::bias_gradient(static_cast<std::size_t>(a.n), static_cast<std::size_t>(size_.outputs), a.dy,
                          a.slope, bias_ ? a.gradients + *bias_ : nullptr, *a.workspace);
    float* dw = a.gradients + weight_;
    if (skips_) {
      zeros_ = kernel::sparse_product_backward_weights(size_, a.n, a.x[0], a.dy, dw, *a.workspace);
    } else {
      kernel::product_backward_weights(size_, a.n, a.x[0], a.dy, dw);
    }
  }

  void backward_data(const BackwardArguments& a) override {
    kernel::product_backward_data(size_, a.n, a.dy, a.values.parameters + weight_, a.dx[0]);
  }

  KernelUse backward_weights_kernel() const override {
    return {.name = skips_ ? "sparse dy" : "", .zeros = zeros_};
  }

 private:
  kernel::ProductSize size_;
  kernel::ProductForward forward_;
  std::optional<Activation> epilogue_;
  std::size_t weight_;
  std::optional<std::size_t> bias_;
  bool skips_;  // zeros of dy, for the gradient of the weights
  double zeros_ = -1;
};

}  // namespace

Shape Linear::bind(std::span<const Shape> inputs) {
  inputs_ = static_cast<std::int64_t>(only(inputs).size());
  parameters_.push_back({.name = "weight",
                         .dims = {options_.outputs, inputs_},
                         .start = Parameter::Start::random,
                         .fan_in = static_cast<double>(inputs_),
                         .fan_out = static_cast<double>(options_.outputs),
                         .decays = true});
  if (options_.bias) parameters_.push_back({.name = "bias", .dims = {options_.outputs}});
  return {1, 1, options_.outputs};
}

std::unique_ptr<Operation> Linear::operation(const OperationRequest& request) const {
  return std::make_unique<LinearOperation>(
      kernel::ProductSize{inputs_, options_.outputs}, request, parameters_[0].offset,
      options_.bias ? std::optional(parameters_[1].offset) : std::optional<std::size_t>());
}

}  // namespace halfwave
