// Max pooling, PyTorch's MaxPool2d. Windows may overlap; padding never wins; a NaN in a window wins.
#pragma once

#include "halfwave/kernel/pool.h"
#include "halfwave/layer/layer.h"
#include "halfwave/layer/pool_shape.h"

namespace halfwave {

struct MaxPoolOptions : PoolOptions {
  static constexpr std::string_view type = "max_pool";

  template <class Visitor, class Self>
  static void visit(Visitor& visitor, Self& options) {
    visit_pool(visitor, options);
  }
};

class MaxPool final : public LayerOf<MaxPoolOptions> {
 public:
  using LayerOf::LayerOf;

  Shape bind(std::span<const Shape> inputs) override;
  std::unique_ptr<Operation> operation(const OperationRequest& request) const override;

 private:
  kernel::PoolSize size_{};
};

}  // namespace halfwave
