// The sum of two or more inputs of one shape, as at the end of a residual block (He et al. 2016).
#pragma once

#include "halfwave/layer/layer.h"

namespace halfwave {

struct AddOptions {
  static constexpr std::string_view type = "add";

  template <class Visitor, class Self>
  static void visit(Visitor&, Self&) {}
};

class Add final : public LayerOf<AddOptions> {
 public:
  using LayerOf::LayerOf;

  Shape bind(std::span<const Shape> inputs) override;
  std::unique_ptr<Operation> operation(const OperationRequest& request) const override;
  bool takes_epilogue() const override { return true; }

 private:
  std::size_t size_ = 0;
};

}  // namespace halfwave
