#include "halfwave/layer/maxout.h"

#include <cmath>

#include "halfwave/base/error.h"
#include "halfwave/base/parallel.h"

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
    over_outputs(a.n, [&](std::size_t i) {
      const float* x = a.x[0] + i * pieces_;
      std::size_t best = 0;
      for (std::size_t k = 1; k < pieces_; ++k) {
        if (x[k] > x[best] || (std::isnan(x[k]) && !std::isnan(x[best]))) best = k;
      }
      a.y[i] = x[best];
      if (winners != nullptr) winners[i] = static_cast<std::uint8_t>(best);
    });
  }

  void backward_data(const BackwardArguments& a) override {
    const auto* winners = reinterpret_cast<const std::uint8_t*>(a.saved);
    over_outputs(a.n, [&](std::size_t i) {
      for (std::size_t k = 0; k < pieces_; ++k) a.dx[0][i * pieces_ + k] = k == winners[i] ? a.dy[i] : 0.0F;
    });
  }

 private:
  template <class Body>
  void over_outputs(std::int64_t n, Body&& body) const {
    parallel_for(outputs_ * static_cast<std::size_t>(n), parallel_grain,
                 [&](std::size_t begin, std::size_t end, int) {
                   for (std::size_t i = begin; i < end; ++i) body(i);
                 });
  }

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
