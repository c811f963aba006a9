// Inputs of one height and width laid side by side along the channels.
#pragma once

#include "halfwave/layer/layer.h"

namespace halfwave {

struct ConcatOptions {
  static constexpr std::string_view type = "concat";

  template <class Visitor, class Self>
  static void visit(Visitor&, Self&) {}
};

class Concat final : public LayerOf<ConcatOptions> {
 public:
  using LayerOf::LayerOf;

  Shape bind(std::span<const Shape> inputs) override;
  std::unique_ptr<Operation> operation(const OperationRequest& request) const override;

 private:
  std::size_t pixels_ = 0;
  std::vector<std::size_t> channels_;
};

}  // namespace halfwave
