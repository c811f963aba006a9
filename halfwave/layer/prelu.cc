#include "halfwave/layer/prelu.h"

#include <algorithm>

#include "halfwave/base/parallel.h"

namespace halfwave {
namespace {

class PReLUOperation final : public Operation {
 public:
  PReLUOperation(const Shape& shape, std::size_t weight)
      : pixels_(shape.pixels()), channels_(static_cast<std::size_t>(shape.channels)), weight_(weight) {}

  OperationTraits traits() const override {
    return {.backward_needs_x = true, .forward_in_place = 0, .backward_in_place = true};
  }

  void forward(const ForwardArguments& a) override {
    const float* slope = a.values.parameters + weight_;
    over_pixels(a.n, [&](std::size_t begin, std::size_t end, int) {
      for (std::size_t p = begin; p < end; ++p) {
        for (std::size_t c = 0; c < channels_; ++c) {
          const float x = a.x[0][p * channels_ + c];
          a.y[p * channels_ + c] = x > 0 ? x : x * slope[c];
        }
      }
    });
  }

  void backward_weights(const BackwardArguments& a) override {
    const auto threads = static_cast<std::size_t>(thread_count());
    float* partial = a.workspace->floats(threads * channels_);
    std::fill_n(partial, threads * channels_, 0.0F);
    over_pixels(a.n, [&](std::size_t begin, std::size_t end, int thread) {
      float* sum = partial + static_cast<std::size_t>(thread) * channels_;
      for (std::size_t i = begin * channels_; i < end * channels_; i += channels_) {
        for (std::size_t c = 0; c < channels_; ++c) {
          const float x = a.x[0][i + c];
          sum[c] += x > 0 ? 0.0F : a.dy[i + c] * x;
        }
      }
    });
    for (std::size_t thread = 0; thread < threads; ++thread) {
      for (std::size_t c = 0; c < channels_; ++c) a.gradients[weight_ + c] += partial[thread * channels_ + c];
    }
  }

  void backward_data(const BackwardArguments& a) override {
    const float* slope = a.values.parameters + weight_;
    over_pixels(a.n, [&](std::size_t begin, std::size_t end, int) {
      for (std::size_t p = begin; p < end; ++p) {
        for (std::size_t c = 0; c < channels_; ++c) {
          const float x = a.x[0][p * channels_ + c];
          // The last case keeps a NaN.
          a.dx[0][p * channels_ + c] = a.dy[p * channels_ + c] * (x > 0 ? 1.0F : x <= 0 ? slope[c] : x);
        }
      }
    });
  }

 private:
  template <class Body>
  void over_pixels(std::int64_t n, Body&& body) const {
    parallel_for(pixels_ * static_cast<std::size_t>(n), parallel_grain / channels_ + 1, body);
  }

  std::size_t pixels_;
  std::size_t channels_;
  std::size_t weight_;
};

}  // namespace

Shape PReLU::bind(std::span<const Shape> inputs) {
  shape_ = only(inputs);
  parameters_ = {{.name = "weight", .dims = {shape_.channels}, .constant = options_.initial}};
  return shape_;
}

std::unique_ptr<Operation> PReLU::operation(const OperationRequest&) const {
  return std::make_unique<PReLUOperation>(shape_, parameters_[0].offset);
}

}  // namespace halfwave
