#include "halfwave/layer/maxout.h"

#include "halfwave/base/error.h"
#include "halfwave/kernel/maxout.h"

namespace halfwave {
namespace {

class MaxoutOperation final : public Operation {
 public:
  MaxoutOperation(std::size_t outputs, std::size_t pieces, const OperationRequest& request)
      : outputs_(outputs),
        pieces_(pieces),
        saved_bytes_(request.training ? outputs * static_cast<std::size_t>(request.batch) : 0) {}

  OperationTraits traits() const override { return {.saved_bytes = saved_bytes_}; }

  void forward(const ForwardArguments& a) override {
    auto* winners = saved_bytes_ > 0 ? reinterpret_cast<std::uint8_t*>(a.saved) : nullptr;
    kernel::maxout_forward(outputs_ * static_cast<std::size_t>(a.n), pieces_, a.x[0], a.y, winners);
  }

  void backward_data(const BackwardArguments& a) override {
    const auto* winners = reinterpret_cast<const std::uint8_t*>(a.saved);
    kernel::maxout_backward(outputs_ * static_cast<std::size_t>(a.n), pieces_, a.dy, winners, a.dx[0]);
  }

 private:
  std::size_t outputs_;
  std::size_t pieces_;
  std::size_t saved_bytes_;
};

}  // namespace

Shape Maxout::bind(std::span<const Shape> inputs) {
  Shape out = only(inputs);
  if (out.channels % options_.pieces != 0) {
    fail("expected a multiple of {} channels, got {}", options_.pieces, out.channels);
  }
  out.channels /= options_.pieces;
  outputs_ = out.size();
  return out;
}

std::unique_ptr<Operation> Maxout::operation(const OperationRequest& request) const {
  return std::make_unique<MaxoutOperation>(outputs_, static_cast<std::size_t>(options_.pieces), request);
}

}  // namespace halfwave
