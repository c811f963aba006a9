#include "halfwave/layer/local_response_norm.h"

#include "halfwave/kernel/normalisation.h"

namespace halfwave {
namespace {

class LocalResponseNormOperation final : public Operation {
 public:
  LocalResponseNormOperation(const LocalResponseNormOptions& options, const Shape& shape)
      : options_{options.window, options.alpha, options.beta, options.k},
        pixels_(shape.pixels()),
        channels_(static_cast<std::size_t>(shape.channels)) {}

  OperationTraits traits() const override { return {.backward_needs_x = true}; }

  void forward(const ForwardArguments& a) override {
    kernel::response_norm_forward(pixels_ * static_cast<std::size_t>(a.n), channels_, options_, a.x[0], a.y,
                                  *a.workspace);
  }

  void backward_data(const BackwardArguments& a) override {
    kernel::response_norm_backward(pixels_ * static_cast<std::size_t>(a.n), channels_, options_, a.x[0], a.dy,
                                   a.dx[0], *a.workspace);
  }

 private:
  kernel::ResponseNormOptions options_;
  std::size_t pixels_;
  std::size_t channels_;
};

}  // namespace

Shape LocalResponseNorm::bind(std::span<const Shape> inputs) { return shape_ = only(inputs); }

std::unique_ptr<Operation> LocalResponseNorm::operation(const OperationRequest&) const {
  return std::make_unique<LocalResponseNormOperation>(options_, shape_);
}

}  // namespace halfwave
