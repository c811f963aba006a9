// Takes an image as the plain vector that it is in memory: height, width, channels; channels fastest.
// (PyTorch flattens channels, height, width; importers reorder the weights that follow.)
#pragma once

#include "halfwave/layer/layer.h"

namespace halfwave {

struct FlattenOptions {
  static constexpr std::string_view type = "flatten";

  template <class Visitor, class Self>
  static void visit(Visitor&, Self&) {}
};

class Flatten final : public LayerOf<FlattenOptions> {
 public:
  using LayerOf::LayerOf;

  Shape bind(std::span<const Shape> inputs) override;
  std::unique_ptr<Operation> operation(const OperationRequest& request) const override;

 private:
  std::size_t size_ = 0;
};

}  // namespace halfwave
