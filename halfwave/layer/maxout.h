// Maxout (Goodfellow et al. 2013): the largest of every `pieces` consecutive channels, after a linear layer
// or a convolution with that many times the channels. PyTorch has no such layer; ONNX writes it as a
// reduction.
#pragma once

#include "halfwave/layer/layer.h"

namespace halfwave {

struct MaxoutOptions {
  static constexpr std::string_view type = "maxout";

  std::int64_t pieces = 2;

  template <class Visitor, class Self>
  static void visit(Visitor& visitor, Self& options) {
    visitor("maxout", options.pieces, 2, 2, 255);
  }
};

// y(c) = max over k < pieces of x(c * pieces + k). The first of equal ones gets the gradient; a NaN wins.
class Maxout final : public LayerOf<MaxoutOptions> {
 public:
  using LayerOf::LayerOf;

  Shape bind(std::span<const Shape> inputs) override;
  std::unique_ptr<Operation> operation(const OperationRequest& request) const override;
  std::optional<ActivationKind> kind() const override { return ActivationKind::fold; }

 private:
  std::size_t outputs_ = 0;
};

}  // namespace halfwave
