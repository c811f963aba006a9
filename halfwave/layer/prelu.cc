#include "halfwave/layer/prelu.h"

#include "halfwave/kernel/prelu.h"

namespace halfwave {
namespace {

class PReLUOperation final : public Operation {
 public:
  PReLUOperation(const Shape& shape, std::size_t weight)
      : pixels_(shape.pixels()), channels_(static_cast<std::size_t>(shape.channels)), weight_(weight) {}

  OperationTraits traits() const override {
    return {.backward_needs_x = true, .forward_in_place = 0, .backward_in_place = true};
  }

  void forward(const ForwardArguments& a) override {
    kernel::prelu_forward(rows(a.n), channels_, a.x[0], a.values.parameters + weight_, a.y);
  }

  // The gradient of the input with that of the slopes: one pass reads both.
  void backward_weights(const BackwardArguments& a) override {
    kernel::prelu_backward(rows(a.n), channels_, a.x[0], a.values.parameters + weight_, a.dy, a.dx[0],
                           a.gradients + weight_, *a.workspace);
  }

  void backward_data(const BackwardArguments&) override {}

 private:
  std::size_t rows(std::int64_t n) const { return pixels_ * static_cast<std::size_t>(n); }

  std::size_t pixels_;
  std::size_t channels_;
  std::size_t weight_;
};

}  // namespace

Shape PReLU::bind(std::span<const Shape> inputs) {
  shape_ = only(inputs);
  parameters_ = {{.name = "weight", .dims = {shape_.channels}, .constant = options_.initial}};
  return shape_;
}

std::unique_ptr<Operation> PReLU::operation(const OperationRequest&) const {
  return std::make_unique<PReLUOperation>(shape_, parameters_[0].offset);
}

}  // namespace halfwave
