// An element-wise activation of the catalogue as a layer.
#pragma once

#include "halfwave/layer/layer.h"

namespace halfwave {

class ActivationLayer final : public Layer {
 public:
  explicit ActivationLayer(const Activation& activation) : activation_(activation) {}

  std::string type() const override { return activation_.text(); }
  Shape bind(std::span<const Shape> inputs) override;
  std::unique_ptr<Operation> operation(const OperationRequest& request) const override;
  const Activation* activation() const override { return &activation_; }
  std::optional<ActivationKind> kind() const override { return activation_.info().kind; }

 private:
  Activation activation_;
  std::size_t size_ = 0;
};

}  // namespace halfwave
