// PReLU (He et al. 2015, equation 1): a leaky ReLU whose slope below 0 is learned, one a channel; PyTorch's
// PReLU(channels).
#pragma once

#include "halfwave/layer/layer.h"

namespace halfwave {

struct PReLUOptions {
  static constexpr std::string_view type = "prelu";

  float initial = 0.25F;  // slope at the start

  template <class Visitor, class Self>
  static void visit(Visitor& visitor, Self& options) {
    visitor("prelu", options.initial, 0.25F, -10.0F, 10.0F);
  }
};

// Parameters: weight (channels). y = x for x > 0, weight x otherwise. Not decayed (He et al. 2015,
// section 2.1).
class PReLU final : public LayerOf<PReLUOptions> {
 public:
  using LayerOf::LayerOf;

  Shape bind(std::span<const Shape> inputs) override;
  std::unique_ptr<Operation> operation(const OperationRequest& request) const override;
  std::optional<ActivationKind> kind() const override { return ActivationKind::ridge; }

 private:
  Shape shape_;
};

}  // namespace halfwave
