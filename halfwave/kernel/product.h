// Matrix products of a linear layer, float32: x is n x inputs, w is outputs x inputs, y is n x outputs.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "halfwave/kernel/epilogue.h"
#include "halfwave/kernel/workspace.h"

namespace halfwave::kernel {

struct ProductSize {
  std::int64_t inputs;
  std::int64_t outputs;
};

// y = x w^T + b, then the epilogue. In inference weights are packed at the first run after they have changed;
// in training, where they change every step, they are taken as they lie. One object serves one thread at a
// time.
class ProductForward {
 public:
  ProductForward(const ProductSize& size, bool training);
  ~ProductForward();

  // Takes over new weights and bias (bias may be null). The pointers must live until the next load.
  void load(const float* w, const float* b);
  void run(std::int64_t n, const float* x, float* y, const Epilogue& epilogue, Workspace& workspace);

 private:
  struct Bound;  // oneDNN's primitive for one number of rows

  void pack_panels();
  void run_onednn(std::int64_t n, const float* x, float* y, Workspace& workspace);
  void multiply_rows(std::size_t n, const float* x, float* y) const;

  ProductSize size_;
  bool training_;
  const float* w_ = nullptr;
  const float* b_ = nullptr;
  std::uint64_t version_ = 0;
  std::vector<float> no_bias_;
  std::vector<float> panels_;  // the weights in the order in which few rows read them
  std::size_t width_ = 0;      // of a panel: outputs
  std::uint64_t panels_version_ = 0;
  std::vector<std::unique_ptr<Bound>> bounds_;
};

// dx = dy w.
void product_backward_data(const ProductSize& size, std::int64_t n, const float* dy, const float* w,
                           float* dx);

// dw += dy^T x. (db: channel_sum.h.)
void product_backward_weights(const ProductSize& size, std::int64_t n, const float* x, const float* dy,
                              float* dw);

// Both without the zeros of dy, except where they would meet infinity or NaN.
void sparse_product_backward_data(const ProductSize& size, std::int64_t n, const float* dy, const float* w,
                                  float* dx, Workspace& workspace);
void sparse_product_backward_weights(const ProductSize& size, std::int64_t n, const float* x, const float* dy,
                                     float* dw, Workspace& workspace);
// Whether they are faster at that share of zeros. Constants: bench/linear_cost.cc.
bool skipping_pays(const ProductSize& size, std::int64_t n, double zeros);

}  // namespace halfwave::kernel
