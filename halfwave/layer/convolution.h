// 2-d convolution (cross-correlation), PyTorch's Conv2d and ONNX's Conv, over NHWC.
#pragma once

#include "halfwave/kernel/convolution.h"
#include "halfwave/layer/layer.h"

namespace halfwave {

struct ConvolutionOptions {
  static constexpr std::string_view type = "conv";

  std::int64_t channels = 1;  // of the output
  Size2 kernel{1, 1};
  Size2 stride{1, 1};
  Size2 pad{0, 0};  // zeros on each side
  Size2 dilation{1, 1};
  std::int64_t groups = 1;  // divides the input and the output channels
  bool bias = true;

  template <class Visitor, class Self>
  static void visit(Visitor& visitor, Self& options) {
    visitor.required("conv", options.channels);
    visitor("kernel", options.kernel, {1, 1});
    visitor("stride", options.stride, {1, 1});
    visitor("pad", options.pad, {0, 0}, 0);
    visitor("dilation", options.dilation, {1, 1});
    visitor("groups", options.groups, 1);
    visitor("bias", options.bias, true);
  }
};

// Parameters: weight (channels x kernel height x kernel width x input channels / groups), bias (channels).
// Output height = floor((height + 2 pad - dilation (kernel - 1) - 1) / stride) + 1, width alike.
class Convolution final : public LayerOf<ConvolutionOptions> {
 public:
  using LayerOf::LayerOf;

  Shape bind(std::span<const Shape> inputs) override;
  std::unique_ptr<Operation> operation(const OperationRequest& request) const override;
  bool takes_epilogue() const override { return true; }
  // Whether the operation can add a value to its output (OperationRequest::add_to_last_input).
  bool takes_add() const { return kernel::convolution_add_possible(size_); }
  std::int64_t multiply_adds() const override;

 private:
  kernel::ConvolutionSize size_{};
};

}  // namespace halfwave
