#include "halfwave/layer/softmax.h"

#include <cmath>

#include "halfwave/base/parallel.h"
#include "halfwave/kernel/softmax.h"

namespace halfwave {
namespace {

template <bool logarithm>
class SoftmaxOperation final : public Operation {
 public:
  explicit SoftmaxOperation(const Shape& shape)
      : pixels_(shape.pixels()), channels_(static_cast<std::size_t>(shape.channels)) {}

  OperationTraits traits() const override {
    return {.backward_needs_y = true, .forward_in_place = 0, .backward_in_place = true};
  }

  void forward(const ForwardArguments& a) override {
    over_pixels(a.n, [&](std::size_t at) {
      const float* x = a.x[0] + at;
      float* y = a.y + at;
      if constexpr (logarithm) {
        const double log_sum = kernel::log_sum_exp(x, channels_);
        for (std::size_t c = 0; c < channels_; ++c)
          y[c] = static_cast<float>(static_cast<double>(x[c]) - log_sum);
      } else {
        kernel::softmax(x, y, channels_);
      }
    });
  }

  // softmax: dx = y (dy - sum of dy y); log-softmax: dx = dy - exp(y) sum of dy.
  void backward_data(const BackwardArguments& a) override {
    over_pixels(a.n, [&](std::size_t at) {
      const float* y = a.y + at;
      const float* dy = a.dy + at;
      double sum = 0;
      for (std::size_t c = 0; c < channels_; ++c) {
        sum += static_cast<double>(dy[c]) * (logarithm ? 1.0 : static_cast<double>(y[c]));
      }
      for (std::size_t c = 0; c < channels_; ++c) {
        const double share = logarithm ? std::exp(static_cast<double>(y[c])) : static_cast<double>(y[c]);
        const auto gradient = static_cast<double>(dy[c]);
        a.dx[0][at + c] = static_cast<float>(logarithm ? gradient - share * sum : share * (gradient - sum));
      }
    });
  }

 private:
  template <class Body>
  void over_pixels(std::int64_t n, Body&& body) const {
    parallel_for(pixels_ * static_cast<std::size_t>(n), (1 << 10) / channels_ + 1,
                 [&](std::size_t begin, std::size_t end, int) {
                   for (std::size_t p = begin; p < end; ++p) body(p * channels_);
                 });
  }

  std::size_t pixels_;
  std::size_t channels_;
};

}  // namespace

std::unique_ptr<Operation> Softmax::operation(const OperationRequest&) const {
  return std::make_unique<SoftmaxOperation<false>>(shape_);
}

std::unique_ptr<Operation> LogSoftmax::operation(const OperationRequest&) const {
  return std::make_unique<SoftmaxOperation<true>>(shape_);
}

}  // namespace halfwave
