#include "halfwave/kernel/convolution_by_zeros.h"

#include <algorithm>
#include <utility>

#include "halfwave/kernel/zero_share.h"

namespace halfwave::kernel {
namespace {

std::size_t images(std::int64_t n) { return static_cast<std::size_t>(n); }

// cost: that of the dense kernel for an image, to look at no more than is worth while.
double zeros_in(std::int64_t n, const float* x, std::size_t image, double cost) {
  return zero_share(x, images(n) * image, static_cast<double>(n) * cost);
}
double zeros_in(std::int64_t n, const PooledGradient& dy, double cost) {
  return dy.zeros(zeros_in(n, dy.dy, dy.size.output_size(), cost));
}

// The kernels of a pass that has weights. They are loaded when they are first taken.
template <class Kernel>
class ByZeros : public Kernel {
 public:
  ByZeros(std::unique_ptr<Kernel> dense, std::unique_ptr<Kernel> sparse, double dense_cost,
          const SparseCost& sparse_cost, std::size_t image)
      : dense_{std::move(dense)},
        sparse_{std::move(sparse)},
        dense_cost_(dense_cost),
        sparse_cost_(sparse_cost),
        image_(image) {}

  const char* name() const override { return taken_->kernel->name(); }
  double zeros() const override { return zeros_; }

 protected:
  const Kernel& dense() const { return *dense_.kernel; }

  struct Loaded {
    std::unique_ptr<Kernel> kernel;
    bool loaded = false;
  };

  void forget() { dense_.loaded = sparse_.loaded = false; }

  // For n images that begin at `x`. load(kernel) gives it the weights.
  template <class Load>
  Kernel& take(std::int64_t n, const float* x, Load&& load) {
    zeros_ = zeros_in(n, x, image_, dense_cost_);
    return loaded(skipping_pays(zeros_) ? sparse_ : dense_, load);
  }

  double dense_cost() const { return dense_cost_; }
  bool skipping_pays(double zeros) const { return sparse_cost_.at(zeros) < dense_cost_; }

  template <class Load>
  Kernel& take_sparse(double zeros, Load&& load) {
    zeros_ = zeros;
    return loaded(sparse_, load);
  }

 private:
  template <class Load>
  Kernel& loaded(Loaded& taken, Load&& load) {
    taken_ = &taken;
    if (!taken.loaded) load(*taken.kernel);
    taken.loaded = true;
    return *taken.kernel;
  }

  Loaded dense_;
  Loaded sparse_;
  Loaded* taken_ = &dense_;
  double dense_cost_;
  SparseCost sparse_cost_;
  std::size_t image_;
  double zeros_ = 0;
};

class ForwardByZeros final : public ByZeros<ConvolutionForward> {
  auto loader() const {
    return [this](ConvolutionForward& kernel) { kernel.load(w_, b_); };
  }

 public:
  using ByZeros::ByZeros;

  void load(const float* w, const float* b) override {
    w_ = w;
    b_ = b;
    forget();
  }
  void run(std::int64_t n, const float* x, float* y, const Epilogue& epilogue,
           Workspace& workspace) override {
    take(n, x, loader()).run(n, x, y, epilogue, workspace);
  }
  bool run_pooled(std::int64_t n, const float* x, const PooledOutput& y, Workspace& workspace) override {
    return take(n, x, loader()).run_pooled(n, x, y, workspace);
  }
  bool suits_team(std::int64_t n) const override { return dense().suits_team(n); }

 private:
  const float* w_ = nullptr;
  const float* b_ = nullptr;
};

class BackwardDataByZeros final : public ByZeros<ConvolutionBackwardData> {
  auto loader() const {
    return [this](ConvolutionBackwardData& kernel) { kernel.load(w_); };
  }

 public:
  using ByZeros::ByZeros;

  void load(const float* w) override {
    w_ = w;
    forget();
  }
  void run(std::int64_t n, const float* dy, float* dx, Workspace& workspace) override {
    take(n, dy, loader()).run(n, dy, dx, workspace);
  }
  bool run_pooled(std::int64_t n, const PooledGradient& dy, float* dx, Workspace& workspace) override {
    const double zeros = zeros_in(n, dy, dense_cost());
    return skipping_pays(zeros) && take_sparse(zeros, loader()).run_pooled(n, dy, dx, workspace);
  }

 private:
  const float* w_ = nullptr;
};

class BackwardWeightsByZeros final : public ConvolutionBackwardWeights {
 public:
  BackwardWeightsByZeros(const ConvolutionSize& size, std::unique_ptr<ConvolutionBackwardWeights> dense,
                         double dense_cost, const SparseCost& x_cost, const SparseCost& dy_cost)
      : dense_(std::move(dense)),
        skips_x_(make_sparse_x_backward_weights(size)),
        skips_dy_(make_sparse_dy_backward_weights(size)),
        dense_cost_(dense_cost),
        x_cost_(x_cost),
        dy_cost_(dy_cost),
        input_(size.input_size()),
        output_(size.output_size()) {}

  const char* name() const override { return taken_->name(); }
  double zeros() const override { return zeros_; }

  void run(std::int64_t n, const float* x, const float* dy, float* dw, Workspace& workspace) override {
    take(n, x, zeros_in(n, dy, output_, dense_cost_), 1);
    taken_->run(n, x, dy, dw, workspace);
  }

  bool run_pooled(std::int64_t n, const float* x, const PooledGradient& dy, float* dw,
                  Workspace& workspace) override {
    take(n, x, zeros_in(n, dy, dense_cost_), dy.share());
    return taken_->run_pooled(n, x, dy, dw, workspace);
  }

 private:
  // dy_share: of dy, what is there to be looked at.
  void take(std::int64_t n, const float* x, double dy_zeros, double dy_share) {
    const double x_zeros = zeros_in(n, x, input_, dense_cost_);
    const double x_cost = x_cost_.at(x_zeros);
    const double dy_cost = dy_cost_.at(dy_zeros, dy_share);
    const bool in_x = x_cost < dy_cost;
    zeros_ = in_x ? x_zeros : dy_zeros;
    taken_ = dense_cost_ <= std::min(x_cost, dy_cost) ? dense_.get()
             : in_x                                   ? skips_x_.get()
                                                      : skips_dy_.get();
  }

  std::unique_ptr<ConvolutionBackwardWeights> dense_;
  std::unique_ptr<ConvolutionBackwardWeights> skips_x_;
  std::unique_ptr<ConvolutionBackwardWeights> skips_dy_;
  ConvolutionBackwardWeights* taken_ = dense_.get();
  double dense_cost_;
  SparseCost x_cost_;
  SparseCost dy_cost_;
  std::size_t input_;
  std::size_t output_;
  double zeros_ = 0;
};

}  // namespace

std::unique_ptr<ConvolutionForward> make_forward_by_zeros(const ConvolutionSize& size,
                                                          const ConvolutionUse& use,
                                                          std::unique_ptr<ConvolutionForward> dense,
                                                          double dense_cost, const SparseCost& sparse_cost) {
  return std::make_unique<ForwardByZeros>(std::move(dense), make_sparse_forward(size, use), dense_cost,
                                          sparse_cost, size.input_size());
}

std::unique_ptr<ConvolutionBackwardData> make_backward_data_by_zeros(
    const ConvolutionSize& size, std::unique_ptr<ConvolutionBackwardData> dense, double dense_cost,
    const SparseCost& sparse_cost) {
  return std::make_unique<BackwardDataByZeros>(std::move(dense), make_sparse_backward_data(size), dense_cost,
                                               sparse_cost, size.output_size());
}

std::unique_ptr<ConvolutionBackwardWeights> make_backward_weights_by_zeros(
    const ConvolutionSize& size, std::unique_ptr<ConvolutionBackwardWeights> dense, double dense_cost,
    const SparseCost& x_cost, const SparseCost& dy_cost) {
  return std::make_unique<BackwardWeightsByZeros>(size, std::move(dense), dense_cost, x_cost, dy_cost);
}

}  // namespace halfwave::kernel
