#include "halfwave/layer/average_pool.h"

namespace halfwave {
namespace {

class AveragePoolOperation final : public Operation {
 public:
  AveragePoolOperation(const kernel::PoolSize& size, bool count_pad) : size_(size), count_pad_(count_pad) {}

  OperationTraits traits() const override { return {}; }

  void forward(const ForwardArguments& a) override {
    kernel::average_pool_forward(size_, a.n, count_pad_, a.x[0], a.y);
  }

  void backward_data(const BackwardArguments& a) override {
    kernel::average_pool_backward(size_, a.n, count_pad_, a.dy, a.dx[0]);
  }

 private:
  kernel::PoolSize size_;
  bool count_pad_;
};

}  // namespace

Shape AveragePool::bind(std::span<const Shape> inputs) {
  size_ = pool_size(options_, only(inputs));
  return {size_.output_height, size_.output_width, size_.channels};
}

std::unique_ptr<Operation> AveragePool::operation(const OperationRequest&) const {
  return std::make_unique<AveragePoolOperation>(size_, options_.count_pad);
}

Shape GlobalAveragePool::bind(std::span<const Shape> inputs) {
  const Shape& in = only(inputs);
  size_ = pool_size({.kernel = {in.height, in.width}}, in);
  return {1, 1, in.channels};
}

std::unique_ptr<Operation> GlobalAveragePool::operation(const OperationRequest&) const {
  return std::make_unique<AveragePoolOperation>(size_, true);
}

}  // namespace halfwave
