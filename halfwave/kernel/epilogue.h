// What a kernel does to its output, block by block where it can: an activation, as a layer gives it. Or what
// it does to a gradient before it reads it: the slope of that activation. Kernels know no activations, hence
// the plain function.
#pragma once

#include <cstddef>

namespace halfwave::kernel {

struct Epilogue {
  void (*apply)(const void* context, float* y, std::size_t count) = nullptr;  // in place; thread-safe
  const void* context = nullptr;

  void operator()(float* y, std::size_t count) const {
    if (apply != nullptr) apply(context, y, count);
  }
};

}  // namespace halfwave::kernel
