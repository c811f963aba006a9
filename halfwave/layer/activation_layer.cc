#include "halfwave/layer/activation_layer.h"

#include "halfwave/base/parallel.h"

namespace halfwave {
namespace {

class ActivationOperation final : public Operation {
 public:
  ActivationOperation(const Activation& activation, std::size_t size, const OperationRequest& request)
      : activation_(activation),
        size_(size),
        mask_bytes_(request.training && activation.info().backward_from_mask
                        ? (size * static_cast<std::size_t>(request.batch) + 7) / 8
                        : 0) {}

  OperationTraits traits() const override {
    const bool from_y = activation_.info().backward_from_y;
    return {.backward_needs_x = !from_y,
            .backward_needs_y = from_y && mask_bytes_ == 0,
            .forward_in_place = 0,
            .backward_in_place = true,
            .saved_bytes = mask_bytes_};
  }

  void forward(const ForwardArguments& a) override {
    auto* mask = reinterpret_cast<std::uint8_t*>(a.saved);
    parallel_for(size_ * static_cast<std::size_t>(a.n), parallel_grain,
                 [&](std::size_t begin, std::size_t end, int) {
                   const float* x = a.x[0] + begin;
                   if (mask_bytes_ == 0) {
                     activation_.forward(x, a.y + begin, end - begin);
                   } else {
                     activation_.forward(x, a.y + begin, mask + begin / 8, end - begin);
                   }
                 });
  }

  void backward_data(const BackwardArguments& a) override {
    const auto* mask = reinterpret_cast<const std::uint8_t*>(a.saved);
    const float* saved = activation_.info().backward_from_y ? a.y : a.x[0];
    parallel_for(size_ * static_cast<std::size_t>(a.n), parallel_grain,
                 [&](std::size_t begin, std::size_t end, int) {
                   if (mask_bytes_ == 0) {
                     activation_.backward(saved + begin, a.dy + begin, a.dx[0] + begin, end - begin);
                   } else {
                     activation_.backward(mask + begin / 8, a.dy + begin, a.dx[0] + begin, end - begin);
                   }
                 });
  }

 private:
  Activation activation_;
  std::size_t size_;
  std::size_t mask_bytes_;  // 0: backward takes x or y
};

}  // namespace

Shape ActivationLayer::bind(std::span<const Shape> inputs) {
  size_ = only(inputs).size();
  return only(inputs);
}

std::unique_ptr<Operation> ActivationLayer::operation(const OperationRequest& request) const {
  return std::make_unique<ActivationOperation>(activation_, size_, request);
}

}  // namespace halfwave
