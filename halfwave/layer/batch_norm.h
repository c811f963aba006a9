// Batch norm over each channel (Ioffe and Szegedy 2015), PyTorch's BatchNorm2d and BatchNorm1d.
#pragma once

#include "halfwave/layer/layer.h"

namespace halfwave {

struct BatchNormOptions {
  static constexpr std::string_view type = "batch_norm";

  float eps = 1e-5F;
  float momentum = 0.1F;  // of the running statistics: running = (1 - momentum) running + momentum batch

  template <class Visitor, class Self>
  static void visit(Visitor& visitor, Self& options) {
    visitor("batch_norm", options.eps, 1e-5F, 1e-12F, 1.0F);
    visitor("momentum", options.momentum, 0.1F, 0.0F, 1.0F);
  }
};

// Parameters: weight and bias (channels); running_mean and running_var (channels), not trained.
// y = weight (x - mean) / sqrt(variance + eps) + bias, with the batch's statistics (biased variance) in
// training and the running ones (unbiased variance, as PyTorch keeps it) otherwise.
class BatchNorm final : public LayerOf<BatchNormOptions> {
 public:
  using LayerOf::LayerOf;

  Shape bind(std::span<const Shape> inputs) override;
  std::unique_ptr<Operation> operation(const OperationRequest& request) const override;
  bool takes_epilogue() const override { return true; }

  // For inference: y = x * scale + shift, by channel.
  void scale_and_shift(const NetValues& values, float* scale, float* shift) const;

 private:
  Shape shape_;
};

}  // namespace halfwave
