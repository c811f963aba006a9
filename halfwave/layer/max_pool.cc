#include "halfwave/layer/max_pool.h"

#include "halfwave/base/error.h"

namespace halfwave {
namespace {

class MaxPoolOperation final : public Operation {
 public:
  MaxPoolOperation(const kernel::PoolSize& size, const OperationRequest& request)
      : size_(size), rectify_(request.rectify), training_(request.training), batch_(request.batch) {}

  OperationTraits traits() const override {
    return {.joins_convolution = kernel::has_pooled_gradient(size_),
            .saved_bytes = training_ ? kernel::max_pool_saved_bytes(size_, batch_) : 0};
  }

  void forward(const ForwardArguments& a) override {
    kernel::max_pool_forward(size_, a.n, rectify_, a.x[0], a.y, training_ ? a.saved : nullptr);
  }

  kernel::PooledOutput pooled_output(const ForwardArguments& a) override {
    return {size_, rectify_, a.y, training_ ? a.saved : nullptr};
  }

  void backward_data(const BackwardArguments& a) override {
    kernel::max_pool_backward(size_, a.n, a.dy, a.dx[0], a.saved);
  }

  kernel::PooledGradient pooled_gradient(const BackwardArguments& a) override {
    return kernel::pooled_gradient(size_, a.n, rectify_, a.dy, a.saved);
  }

 private:
  kernel::PoolSize size_;
  bool rectify_;
  bool training_;
  std::int64_t batch_;
};

}  // namespace

Shape MaxPool::bind(std::span<const Shape> inputs) {
  size_ = pool_size(options_, only(inputs));
  if (size_.kernel_height * size_.kernel_width > 65000) fail("its kernel has more than 65000 values");
  return {size_.output_height, size_.output_width, size_.channels};
}

std::unique_ptr<Operation> MaxPool::operation(const OperationRequest& request) const {
  return std::make_unique<MaxPoolOperation>(size_, request);
}

}  // namespace halfwave
