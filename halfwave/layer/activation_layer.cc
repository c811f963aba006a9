#include "halfwave/layer/activation_layer.h"

#include "halfwave/base/parallel.h"

namespace halfwave {
namespace {

class ActivationOperation final : public Operation {
 public:
  ActivationOperation(const Activation& activation, std::size_t size)
      : activation_(activation), size_(size) {}

  OperationTraits traits() const override {
    const bool from_y = activation_.info().backward_from_y;
    return {.backward_needs_x = !from_y,
            .backward_needs_y = from_y,
            .forward_in_place = 0,
            .backward_in_place = true};
  }

  void forward(const ForwardArguments& a) override {
    parallel_for(size_ * static_cast<std::size_t>(a.n), parallel_grain,
                 [&](std::size_t begin, std::size_t end, int) {
                   activation_.forward(a.x[0] + begin, a.y + begin, end - begin);
                 });
  }

  void backward_data(const BackwardArguments& a) override {
    const float* saved = activation_.info().backward_from_y ? a.y : a.x[0];
    parallel_for(size_ * static_cast<std::size_t>(a.n), parallel_grain,
                 [&](std::size_t begin, std::size_t end, int) {
                   activation_.backward(saved + begin, a.dy + begin, a.dx[0] + begin, end - begin);
                 });
  }

 private:
  Activation activation_;
  std::size_t size_;
};

}  // namespace

Shape ActivationLayer::bind(std::span<const Shape> inputs) {
  size_ = only(inputs).size();
  return only(inputs);
}

std::unique_ptr<Operation> ActivationLayer::operation(const OperationRequest&) const {
  return std::make_unique<ActivationOperation>(activation_, size_);
}

}  // namespace halfwave
