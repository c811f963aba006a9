// What the pooling layers have in common: options and the shape of the output.
#pragma once

#include <string_view>

#include "halfwave/kernel/pool.h"
#include "halfwave/layer/option.h"
#include "halfwave/tensor/shape.h"

namespace halfwave {

struct PoolOptions {
  Size2 kernel{1, 1};
  Size2 stride{0, 0};  // 0: as large as the kernel
  Size2 pad{0, 0};     // at most half the kernel
  bool ceil = false;   // also a window that starts in the image or its left or top padding but reaches beyond
};

template <class Visitor, class Self>
void visit_pool(Visitor& visitor, Self& options) {
  visitor.required(visitor.type(), options.kernel);
  visitor("stride", options.stride, options.kernel);
  visitor("pad", options.pad, {0, 0}, 0);
  visitor("ceil", options.ceil, false);
}

// Output height = floor or ceil of ((height + 2 pad - kernel) / stride) + 1, width alike (PyTorch's rule).
// Error when the kernel does not fit.
kernel::PoolSize pool_size(const PoolOptions& options, const Shape& input);

}  // namespace halfwave
