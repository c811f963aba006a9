#include "halfwave/layer/linear.h"

#include "halfwave/kernel/channel_sum.h"
#include "halfwave/kernel/product.h"
#include "halfwave/kernel/zero_share.h"

namespace halfwave {
namespace {

class LinearOperation final : public Operation {
 public:
  LinearOperation(kernel::ProductSize size, const OperationRequest& request, std::size_t weight,
                  std::optional<std::size_t> bias)
      : size_(size),
        forward_(size, request.training, request.kernels),
        epilogue_(request.epilogue),
        weight_(weight),
        bias_(bias),
        kernels_(request.kernels) {}

  OperationTraits traits() const override { return {.backward_needs_x = true, .applies_slope = true}; }

  void load(const NetValues& values) override {
    forward_.load(values.parameters + weight_, bias_ ? values.parameters + *bias_ : nullptr);
  }

  void forward(const ForwardArguments& a) override {
    const ActivationEpilogue epilogue(epilogue_, a);
    forward_.run(a.n, a.x[0], a.y, epilogue.get(), *a.workspace);
  }

  bool suits_team(std::int64_t n) const override { return forward_.suits_team(n); }

  void backward_weights(const BackwardArguments& a) override {
    kernel::bias_gradient(static_cast<std::size_t>(a.n), static_cast<std::size_t>(size_.outputs), a.dy,
                          a.slope, bias_ ? a.gradients + *bias_ : nullptr, *a.workspace);
    float* dw = a.gradients + weight_;
    const Skip skip = skip_zeros(a);
    weights_kernel_ = {.name = skip.pays ? "sparse dy" : "onednn", .zeros = skip.zeros};
    if (skip.pays) {
      kernel::sparse_product_backward_weights(size_, a.n, a.x[0], a.dy, dw, *a.workspace);
    } else {
      kernel::product_backward_weights(size_, a.n, a.x[0], a.dy, dw);
    }
  }

  void backward_data(const BackwardArguments& a) override {
    const float* w = a.values.parameters + weight_;
    const Skip skip = skip_zeros(a);
    data_kernel_ = {.name = skip.pays ? "sparse" : "onednn", .zeros = skip.zeros};
    if (skip.pays) {
      kernel::sparse_product_backward_data(size_, a.n, a.dy, w, a.dx[0], *a.workspace);
    } else {
      kernel::product_backward_data(size_, a.n, a.dy, w, a.dx[0]);
    }
  }

  KernelUse forward_kernel() const override {
    return {.name = forward_.skipped() ? "sparse" : "", .zeros = forward_.zeros()};
  }
  KernelUse backward_data_kernel() const override { return data_kernel_; }
  KernelUse backward_weights_kernel() const override { return weights_kernel_; }

 private:
  // Whether the zeros of dy are skipped, by their share, which is not counted (-1) where it would change
  // nothing.
  struct Skip {
    bool pays;
    double zeros;
  };

  Skip skip_zeros(const BackwardArguments& a) const {
    const bool chosen = kernels_ == KernelChoice::automatic || kernels_ == KernelChoice::exact;
    const bool may = kernels_ == KernelChoice::sparse || (chosen && kernel::skipping_pays(size_, a.n, 1));
    if (!may) return {.pays = false, .zeros = -1};
    const double zeros = kernel::zero_share(a.dy, static_cast<std::size_t>(a.n * size_.outputs));
    return {.pays = !chosen || kernel::skipping_pays(size_, a.n, zeros), .zeros = zeros};
  }

  kernel::ProductSize size_;
  kernel::ProductForward forward_;
  std::optional<Activation> epilogue_;
  std::size_t weight_;
  std::optional<std::size_t> bias_;
  KernelChoice kernels_;
  KernelUse data_kernel_;
  KernelUse weights_kernel_;
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
