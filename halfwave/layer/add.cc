#include "halfwave/layer/add.h"

#include "halfwave/base/error.h"
#include "halfwave/kernel/elementwise.h"

namespace halfwave {
namespace {

class AddOperation final : public Operation {
 public:
  AddOperation(std::size_t size, const OperationRequest& request)
      : size_(size), epilogue_(request.epilogue) {}

  OperationTraits traits() const override { return {.forward_in_place = 0, .backward_in_place = true}; }

  void forward(const ForwardArguments& a) override {
    const std::size_t count = size_ * static_cast<std::size_t>(a.n);
    // y may be the first input, which is read before anything is written.
    const ActivationEpilogue activation(epilogue_, a);
    const kernel::Epilogue epilogue = activation.get();
    kernel::add(a.x[0], a.x[1], a.y, count, a.x.size() == 2 ? epilogue : kernel::Epilogue{});
    for (std::size_t i = 2; i < a.x.size(); ++i) {
      kernel::add(a.y, a.x[i], a.y, count, i + 1 == a.x.size() ? epilogue : kernel::Epilogue{});
    }
  }

  void backward_data(const BackwardArguments& a) override {
    for (float* dx : a.dx) {
      if (dx != nullptr) kernel::copy(a.dy, dx, size_ * static_cast<std::size_t>(a.n));
    }
  }

 private:
  std::size_t size_;
  std::optional<Activation> epilogue_;
};

}  // namespace

Shape Add::bind(std::span<const Shape> inputs) {
  if (inputs.size() < 2) fail("expected two or more inputs, as in {{ add = [\"a\", \"b\"] }}");
  for (const Shape& shape : inputs) {
    if (shape != inputs[0]) {
      fail("its inputs differ in shape: {} and {}", to_string(inputs[0]), to_string(shape));
    }
  }
  size_ = inputs[0].size();
  return inputs[0];
}

std::unique_ptr<Operation> Add::operation(const OperationRequest& request) const {
  return std::make_unique<AddOperation>(size_, request);
}

}  // namespace halfwave
