// Local response norm across channels (Krizhevsky et al. 2012, section 3.3), PyTorch's LocalResponseNorm.
#pragma once

#include "halfwave/layer/layer.h"

namespace halfwave {

struct LocalResponseNormOptions {
  static constexpr std::string_view type = "local_response_norm";

  std::int64_t window = 5;  // channels summed over
  float alpha = 1e-4F;      // divided by the window, as in PyTorch; the paper's is alpha / window
  float beta = 0.75F;
  float k = 1;

  template <class Visitor, class Self>
  static void visit(Visitor& visitor, Self& options) {
    visitor("local_response_norm", options.window, 5);
    visitor("alpha", options.alpha, 1e-4F, 0.0F, 1e6F);
    visitor("beta", options.beta, 0.75F, 0.0F, 100.0F);
    visitor("k", options.k, 1.0F, 1e-6F, 1e6F);
  }
};

// y(c) = x(c) / (k + alpha / window * sum of x^2 over window / 2 channels below c to (window - 1) / 2
// above)^beta.
class LocalResponseNorm final : public LayerOf<LocalResponseNormOptions> {
 public:
  using LayerOf::LayerOf;

  Shape bind(std::span<const Shape> inputs) override;
  std::unique_ptr<Operation> operation(const OperationRequest& request) const override;

 private:
  Shape shape_;
};

}  // namespace halfwave
