// Matrix products of a linear layer, float32: x is n x inputs, w is outputs x inputs, y is n x outputs.
#pragma once

#include <cstdint>

#include "halfwave/kernel/epilogue.h"

namespace halfwave::kernel {

struct ProductSize {
  std::int64_t inputs;
  std::int64_t outputs;
};

// y = x w^T + b, then the epilogue; b may be null.
void product_forward(const ProductSize& size, std::int64_t n, const float* x, const float* w, const float* b,
                     float* y, const Epilogue& epilogue);

// dx = dy w.
void product_backward_data(const ProductSize& size, std::int64_t n, const float* dy, const float* w,
                           float* dx);

// dw += dy^T x; db += sum of dy over n (db may be null).
void product_backward_weights(const ProductSize& size, std::int64_t n, const float* x, const float* dy,
                              float* dw, float* db);

}  // namespace halfwave::kernel
