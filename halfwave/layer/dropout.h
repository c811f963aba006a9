// Dropout (Srivastava et al. 2014), inverted as in PyTorch: kept values are scaled by 1 / (1 - p) in
// training, nothing happens otherwise.
#pragma once

#include "halfwave/layer/layer.h"

namespace halfwave {

struct DropoutOptions {
  static constexpr std::string_view type = "dropout";

  float probability = 0.5F;  // of dropping a value, < 1

  template <class Visitor, class Self>
  static void visit(Visitor& visitor, Self& options) {
    visitor("dropout", options.probability, 0.5F, 0.0F, 0.999F);
  }
};

// Which values are dropped depends on the seed, the step, the image's place in the batch and the layer alone.
class Dropout final : public LayerOf<DropoutOptions> {
 public:
  using LayerOf::LayerOf;

  Shape bind(std::span<const Shape> inputs) override;
  std::unique_ptr<Operation> operation(const OperationRequest& request) const override;

 private:
  Shape shape_;
};

}  // namespace halfwave
