// Matrix products of a linear layer, float32: x is n x inputs, w is outputs x inputs, y is n x outputs.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "halfwave/kernel/epilogue.h"
#include "halfwave/kernel/kernel_choice.h"
#include "halfwave/kernel/workspace.h"

namespace halfwave::kernel {

struct ProductSize {
  std::int64_t inputs;
  std::int64_t outputs;
};

// Weights in the order in which product_by_panels() reads them: whole vectors of outputs, input after input.
struct ProductPanels {
  Workspace memory;
  const float* weights = nullptr;
  std::size_t vectors = 0;  // of outputs, in a panel
  bool finite = true;       // all weights

  void pack(const ProductSize& size, const float* w);
};

// y = x w^T + b, then the epilogue. In inference weights are packed at the first run after they have changed;
// in training, where they change every step, they are turned around as the product comes to them. One object
// serves one thread at a time.
class ProductForward {
 public:
  ProductForward(const ProductSize& size, bool training, KernelChoice kernels);
  ~ProductForward();

  // Takes over new weights and bias (bias may be null). The pointers must live until the next load.
  void load(const float* w, const float* b);
  void run(std::int64_t n, const float* x, float* y, const Epilogue& epilogue, Workspace& workspace);
  // Whether all that a run of n rows shares out among threads are loops of ours, for with_team().
  bool suits_team(std::int64_t n) const { return training_ || takes_panels(n); }

  // Of the last run: whether the zeros of x were skipped, and their share; negative: not counted.
  bool skipped() const { return skips_; }
  double zeros() const { return zeros_; }

 private:
  struct Bound;  // oneDNN's primitive for one number of rows

  bool takes_panels(std::int64_t n) const;
  bool skips(std::int64_t n, const float* x);
  void run_onednn(std::int64_t n, const float* x, float* y, Workspace& workspace);
  void multiply(std::size_t n, const float* x, float* y, Workspace& workspace) const;

  ProductSize size_;
  bool training_;
  KernelChoice kernels_;
  bool skips_ = false;
  double zeros_ = -1;
  const float* w_ = nullptr;
  const float* b_ = nullptr;
  std::uint64_t version_ = 0;
  std::vector<float> no_bias_;
  ProductPanels panels_;
  std::uint64_t panels_version_ = 0;
  std::vector<std::unique_ptr<Bound>> bounds_;
};

// dx = dy w.
void product_backward_data(const ProductSize& size, std::int64_t n, const float* dy, const float* w,
                           float* dx);

// dw += dy^T x. (db: channel_sum.h.)
void product_backward_weights(const ProductSize& size, std::int64_t n, const float* x, const float* dy,
                              float* dw);

// y = x w^T + b (which may be null) for few rows, for which the weights are but read; without those that a 0
// in x would meet, if it `skips` them and all are finite.
void product_by_panels(const ProductSize& size, std::int64_t n, const float* x, const ProductPanels& panels,
                       const float* b, bool skips, float* y, Workspace& workspace);

// Both backward passes without the zeros of dy, except where they would meet infinity or NaN.
void sparse_product_backward_data(const ProductSize& size, std::int64_t n, const float* dy, const float* w,
                                  float* dx, Workspace& workspace);
void sparse_product_backward_weights(const ProductSize& size, std::int64_t n, const float* x, const float* dy,
                                     float* dw, Workspace& workspace);

// Whether that is faster at that share of zeros. Constants: bench/linear_cost.cc.
bool skipping_pays(const ProductSize& size, std::int64_t n, double zeros);

}  // namespace halfwave::kernel
