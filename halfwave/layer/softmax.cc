#include "halfwave/layer/softmax.h"

#include "halfwave/kernel/softmax.h"

namespace halfwave {
namespace {

template <bool logarithm>
class SoftmaxOperation final : public Operation {
 public:
  explicit SoftmaxOperation(const Shape& shape)
      : pixels_(shape.pixels()), channels_(static_cast<std::size_t>(shape.channels)) {}

  OperationTraits traits() const override {
    return {.backward_needs_y = true, .forward_in_place = 0, .backward_in_place = true};
  }

  void forward(const ForwardArguments& a) override {
    (logarithm ? kernel::log_softmax : kernel::softmax)(rows(a.n), channels_, a.x[0], a.y);
  }

  void backward_data(const BackwardArguments& a) override {
    (logarithm ? kernel::log_softmax_backward : kernel::softmax_backward)(rows(a.n), channels_, a.y, a.dy,
                                                                          a.dx[0]);
  }

 private:
  std::size_t rows(std::int64_t n) const { return pixels_ * static_cast<std::size_t>(n); }

  std::size_t pixels_;
  std::size_t channels_;
};

}  // namespace

std::unique_ptr<Operation> Softmax::operation(const OperationRequest&) const {
  return std::make_unique<SoftmaxOperation<false>>(shape_);
}

std::unique_ptr<Operation> LogSoftmax::operation(const OperationRequest&) const {
  return std::make_unique<SoftmaxOperation<true>>(shape_);
}

}  // namespace halfwave
