// Softmax and log-softmax over the channels of each pixel (PyTorch's, dim = channels). A net that ends in one
// needs no loss that applies it again.
#pragma once

#include "halfwave/layer/layer.h"

namespace halfwave {

struct SoftmaxOptions {
  static constexpr std::string_view type = "softmax";

  template <class Visitor, class Self>
  static void visit(Visitor&, Self&) {}
};

struct LogSoftmaxOptions {
  static constexpr std::string_view type = "log_softmax";

  template <class Visitor, class Self>
  static void visit(Visitor&, Self&) {}
};

// y(c) = exp(x(c)) / sum of exp(x), computed from x - max(x) so that nothing overflows.
class Softmax final : public LayerOf<SoftmaxOptions> {
 public:
  using LayerOf::LayerOf;

  Shape bind(std::span<const Shape> inputs) override { return shape_ = only(inputs); }
  std::unique_ptr<Operation> operation(const OperationRequest& request) const override;
  std::optional<ActivationKind> kind() const override { return ActivationKind::fold; }

 private:
  Shape shape_;
};

// y(c) = x(c) - log(sum of exp(x)), likewise.
class LogSoftmax final : public LayerOf<LogSoftmaxOptions> {
 public:
  using LayerOf::LayerOf;

  Shape bind(std::span<const Shape> inputs) override { return shape_ = only(inputs); }
  std::unique_ptr<Operation> operation(const OperationRequest& request) const override;
  std::optional<ActivationKind> kind() const override { return ActivationKind::fold; }

 private:
  Shape shape_;
};

}  // namespace halfwave
