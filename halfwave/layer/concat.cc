#include "halfwave/layer/concat.h"

#include <algorithm>
#include <numeric>

#include "halfwave/base/error.h"
#include "halfwave/base/parallel.h"

namespace halfwave {
namespace {

class ConcatOperation final : public Operation {
 public:
  ConcatOperation(std::size_t pixels, const std::vector<std::size_t>& channels)
      : pixels_(pixels),
        channels_(channels),
        total_(std::accumulate(channels.begin(), channels.end(), std::size_t{0})) {}

  OperationTraits traits() const override { return {}; }

  void forward(const ForwardArguments& a) override {
    over_pixels(a.n, [&](std::size_t pixel) {
      float* to = a.y + pixel * total_;
      for (std::size_t i = 0; i < channels_.size(); ++i) {
        to = std::copy_n(a.x[i] + pixel * channels_[i], channels_[i], to);
      }
    });
  }

  void backward_data(const BackwardArguments& a) override {
    over_pixels(a.n, [&](std::size_t pixel) {
      const float* from = a.dy + pixel * total_;
      for (std::size_t i = 0; i < channels_.size(); from += channels_[i++]) {
        if (a.dx[i] != nullptr) std::copy_n(from, channels_[i], a.dx[i] + pixel * channels_[i]);
      }
    });
  }

 private:
  template <class Body>
  void over_pixels(std::int64_t n, Body&& body) const {
    parallel_for(pixels_ * static_cast<std::size_t>(n), parallel_grain / total_ + 1,
                 [&](std::size_t begin, std::size_t end, int) {
                   for (std::size_t pixel = begin; pixel < end; ++pixel) body(pixel);
                 });
  }

  std::size_t pixels_;
  std::vector<std::size_t> channels_;
  std::size_t total_;
};

}  // namespace

Shape Concat::bind(std::span<const Shape> inputs) {
  if (inputs.size() < 2) fail("expected two or more inputs, as in {{ concat = [\"a\", \"b\"] }}");
  Shape out = inputs[0];
  out.channels = 0;
  for (const Shape& shape : inputs) {
    if (shape.height != out.height || shape.width != out.width) {
      fail("its inputs differ in height or width: {} and {}", to_string(inputs[0]), to_string(shape));
    }
    channels_.push_back(static_cast<std::size_t>(shape.channels));
    out.channels += shape.channels;
  }
  pixels_ = out.pixels();
  return out;
}

std::unique_ptr<Operation> Concat::operation(const OperationRequest&) const {
  return std::make_unique<ConcatOperation>(pixels_, channels_);
}

}  // namespace halfwave
