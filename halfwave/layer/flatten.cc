#include "halfwave/layer/flatten.h"

#include "halfwave/kernel/elementwise.h"

namespace halfwave {
namespace {

class FlattenOperation final : public Operation {
 public:
  explicit FlattenOperation(std::size_t size) : size_(size) {}

  OperationTraits traits() const override {
    return {.forward_in_place = 0, .backward_in_place = true, .view = true};
  }

  // The copies do nothing where the plan has put both in one place.
  void forward(const ForwardArguments& a) override {
    kernel::copy(a.x[0], a.y, size_ * static_cast<std::size_t>(a.n));
  }
  void backward_data(const BackwardArguments& a) override {
    kernel::copy(a.dy, a.dx[0], size_ * static_cast<std::size_t>(a.n));
  }

 private:
  std::size_t size_;
};

}  // namespace

Shape Flatten::bind(std::span<const Shape> inputs) {
  size_ = only(inputs).size();
  return {1, 1, static_cast<std::int64_t>(size_)};
}

std::unique_ptr<Operation> Flatten::operation(const OperationRequest&) const {
  return std::make_unique<FlattenOperation>(size_);
}

}  // namespace halfwave
