// Average pooling, PyTorch's AvgPool2d, and the global one, the mean over all pixels of each channel.
#pragma once

#include "halfwave/kernel/pool.h"
#include "halfwave/layer/layer.h"
#include "halfwave/layer/pool_shape.h"

namespace halfwave {

struct AveragePoolOptions : PoolOptions {
  static constexpr std::string_view type = "avg_pool";

  bool count_pad = true;  // padding counts as zeros in the mean, else it is left out

  template <class Visitor, class Self>
  static void visit(Visitor& visitor, Self& options) {
    visit_pool(visitor, options);
    visitor("count_pad", options.count_pad, true);
  }
};

class AveragePool final : public LayerOf<AveragePoolOptions> {
 public:
  using LayerOf::LayerOf;

  Shape bind(std::span<const Shape> inputs) override;
  std::unique_ptr<Operation> operation(const OperationRequest& request) const override;

 private:
  kernel::PoolSize size_{};
};

struct GlobalAveragePoolOptions {
  static constexpr std::string_view type = "global_avg_pool";

  template <class Visitor, class Self>
  static void visit(Visitor&, Self&) {}
};

class GlobalAveragePool final : public LayerOf<GlobalAveragePoolOptions> {
 public:
  using LayerOf::LayerOf;

  Shape bind(std::span<const Shape> inputs) override;
  std::unique_ptr<Operation> operation(const OperationRequest& request) const override;

 private:
  kernel::PoolSize size_{};
};

}  // namespace halfwave
