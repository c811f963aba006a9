#include "halfwave/layer/dropout.h"

#include <algorithm>

#include "halfwave/base/parallel.h"
#include "halfwave/base/random.h"

namespace halfwave {
namespace {

class DropoutOperation final : public Operation {
 public:
  DropoutOperation(float probability, std::size_t size, const OperationRequest& request)
      : probability_(probability),
        scale_(1 / (1 - probability)),
        size_(size),
        index_(request.index),
        training_(request.training),
        saved_bytes_(training_ ? size * static_cast<std::size_t>(request.batch) : 0) {}

  OperationTraits traits() const override {
    return {
        .forward_in_place = 0, .backward_in_place = true, .view = !training_, .saved_bytes = saved_bytes_};
  }

  void forward(const ForwardArguments& a) override {
    if (!training_) return;  // a view
    auto* kept = reinterpret_cast<std::uint8_t*>(a.saved);
    const std::uint64_t seed = a.seed + std::uint64_t{index_} * 0x9E3779B97F4A7C15;  // a stream a layer
    parallel_for(static_cast<std::size_t>(a.n), 1, [&](std::size_t begin, std::size_t end, int) {
      for (std::size_t image = begin; image < end; ++image) {
        RandomStream random(seed, RandomPurpose::dropout, a.step, static_cast<std::uint32_t>(image));
        for (std::size_t i = image * size_; i < (image + 1) * size_; ++i) {
          kept[i] = random.uniform() >= probability_ ? 1 : 0;
          a.y[i] = a.x[0][i] * factor(kept[i]);
        }
      }
    });
  }

  void backward_data(const BackwardArguments& a) override {
    const auto* kept = reinterpret_cast<const std::uint8_t*>(a.saved);
    parallel_for(static_cast<std::size_t>(a.n) * size_, parallel_grain,
                 [&](std::size_t begin, std::size_t end, int) {
                   for (std::size_t i = begin; i < end; ++i) a.dx[0][i] = a.dy[i] * factor(kept[i]);
                 });
  }

 private:
  float factor(std::uint8_t kept) const { return kept != 0 ? scale_ : 0.0F; }

  float probability_;
  float scale_;
  std::size_t size_;
  std::uint32_t index_;
  bool training_;
  std::size_t saved_bytes_;
};

}  // namespace

Shape Dropout::bind(std::span<const Shape> inputs) { return shape_ = only(inputs); }

std::unique_ptr<Operation> Dropout::operation(const OperationRequest& request) const {
  return std::make_unique<DropoutOperation>(options_.probability, shape_.size(), request);
}

}  // namespace halfwave
