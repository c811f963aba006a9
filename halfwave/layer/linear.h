// Fully connected layer, PyTorch's Linear. An input with height and width is taken as the plain vector that
// it is in memory (height, width, channels; channels fastest), so no flatten is needed before it.
#pragma once

#include "halfwave/layer/layer.h"

namespace halfwave {

struct LinearOptions {
  static constexpr std::string_view type = "linear";

  std::int64_t outputs = 1;
  bool bias = true;

  template <class Visitor, class Self>
  static void visit(Visitor& visitor, Self& options) {
    visitor.required("linear", options.outputs);
    visitor("bias", options.bias, true);
  }
};

// Parameters: weight (outputs x inputs), bias (outputs). y = weight x + bias.
class Linear final : public LayerOf<LinearOptions> {
 public:
  using LayerOf::LayerOf;

  Shape bind(std::span<const Shape> inputs) override;
  std::unique_ptr<Operation> operation(const OperationRequest& request) const override;
  bool takes_epilogue() const override { return true; }
  std::int64_t multiply_adds() const override { return inputs_ * options_.outputs; }

 private:
  std::int64_t inputs_ = 0;
};

}  // namespace halfwave
