#include "halfwave/layer/batch_norm.h"

#include <cmath>

#include "halfwave/kernel/channel_sum.h"
#include "halfwave/kernel/normalisation.h"

namespace halfwave {
namespace {

// Where the values of one batch norm lie.
struct Offsets {
  std::size_t weight, bias, running_mean, running_variance;
};

class BatchNormInference final : public Operation {
 public:
  BatchNormInference(const BatchNorm& layer, const Shape& shape, const OperationRequest& request)
      : layer_(layer),
        shape_(shape),
        epilogue_(request.epilogue),
        scale_(static_cast<std::size_t>(shape.channels)),
        shift_(scale_.size()) {}

  OperationTraits traits() const override { return {.forward_in_place = 0}; }

  void load(const NetValues& values) override {
    layer_.scale_and_shift(values, scale_.data(), shift_.data());
  }

  void forward(const ForwardArguments& a) override {
    const ActivationEpilogue epilogue(epilogue_, a);
    kernel::scale_shift(shape_.pixels() * static_cast<std::size_t>(a.n), scale_.size(), a.x[0], scale_.data(),
                        shift_.data(), a.y, epilogue.get());
  }

  void backward_data(const BackwardArguments&) override { assert(false); }

 private:
  const BatchNorm& layer_;
  Shape shape_;
  std::optional<Activation> epilogue_;
  std::vector<float> scale_;
  std::vector<float> shift_;
};

class BatchNormTraining final : public Operation {
 public:
  BatchNormTraining(const BatchNormOptions& options, const Shape& shape, const OperationRequest& request,
                    const Offsets& at)
      : options_(options),
        shape_(shape),
        epilogue_(request.epilogue),
        at_(at),
        channels_(static_cast<std::size_t>(shape.channels)) {}

  OperationTraits traits() const override {
    return {.backward_needs_x = true,
            .backward_in_place = true,
            .applies_slope = true,
            .saved_bytes = 2 * channels_ * sizeof(float)};
  }

  void forward(const ForwardArguments& a) override {
    const std::size_t rows = shape_.pixels() * static_cast<std::size_t>(a.n);
    auto* mean = reinterpret_cast<float*>(a.saved);
    float* inverse = mean + channels_;  // 1 / sqrt(variance + eps)
    std::vector<double>& exact_mean = one_;
    std::vector<double>& variance = two_;
    kernel::channel_statistics(rows, channels_, a.x[0], exact_mean.data(), variance.data(), *a.workspace);
    const float* weight = a.values.parameters + at_.weight;
    const float* bias = a.values.parameters + at_.bias;
    const double unbiased = rows > 1 ? static_cast<double>(rows) / static_cast<double>(rows - 1) : 1.0;
    const auto momentum = static_cast<double>(options_.momentum);
    for (std::size_t c = 0; c < channels_; ++c) {
      const double root = 1 / std::sqrt(variance[c] + static_cast<double>(options_.eps));
      mean[c] = static_cast<float>(exact_mean[c]);
      inverse[c] = static_cast<float>(root);
      a_[c] = static_cast<float>(root * static_cast<double>(weight[c]));
      b_[c] = static_cast<float>(static_cast<double>(bias[c]) -
                                 exact_mean[c] * root * static_cast<double>(weight[c]));
      if (a.running == nullptr) continue;
      update(a.running[at_.running_mean + c], exact_mean[c], momentum);
      update(a.running[at_.running_variance + c], variance[c] * unbiased, momentum);
    }
    const ActivationEpilogue epilogue(epilogue_, a);
    kernel::scale_shift(rows, channels_, a.x[0], a_.data(), b_.data(), a.y, epilogue.get());
  }

  void backward_weights(const BackwardArguments& a) override {
    const std::size_t rows = shape_.pixels() * static_cast<std::size_t>(a.n);
    const auto* mean = reinterpret_cast<const float*>(a.saved);
    const float* inverse = mean + channels_;
    kernel::channel_gradient_sums(rows, channels_, a.x[0], a.dy, a.slope, mean, one_.data(), two_.data(),
                                  *a.workspace);
    for (std::size_t c = 0; c < channels_; ++c) {
      a.gradients[at_.bias + c] += static_cast<float>(one_[c]);
      a.gradients[at_.weight + c] += static_cast<float>(two_[c] * static_cast<double>(inverse[c]));
    }
  }

  // With g = weight / sqrt(variance + eps), m = number of pixels, and the sums of backward_weights:
  // dx = g (dy - sum_dy / m - (x - mean) inverse^2 sum_dy_x / m)   (Ioffe and Szegedy 2015, section 3)
  void backward_data(const BackwardArguments& a) override {
    const std::size_t rows = shape_.pixels() * static_cast<std::size_t>(a.n);
    const auto* mean = reinterpret_cast<const float*>(a.saved);
    const float* inverse = mean + channels_;
    const float* weight = a.values.parameters + at_.weight;
    const auto m = static_cast<double>(rows);
    for (std::size_t c = 0; c < channels_; ++c) {
      const auto root = static_cast<double>(inverse[c]);
      const double g = root * static_cast<double>(weight[c]);
      const double slope = -g * root * root * two_[c] / m;
      a_[c] = static_cast<float>(g);
      b_[c] = static_cast<float>(slope);
      c_[c] = static_cast<float>(-g * one_[c] / m - slope * static_cast<double>(mean[c]));
    }
    kernel::combine_gradient(rows, channels_, a.x[0], a.dy, a_.data(), b_.data(), c_.data(), a.dx[0]);
  }

 private:
  static void update(float& running, double value, double momentum) {
    running = static_cast<float>((1 - momentum) * static_cast<double>(running) + momentum * value);
  }

  BatchNormOptions options_;
  Shape shape_;
  std::optional<Activation> epilogue_;
  Offsets at_;
  std::size_t channels_;
  std::vector<double> one_ = std::vector<double>(channels_);
  std::vector<double> two_ = std::vector<double>(channels_);
  std::vector<float> a_ = std::vector<float>(channels_);
  std::vector<float> b_ = std::vector<float>(channels_);
  std::vector<float> c_ = std::vector<float>(channels_);
};

}  // namespace

Shape BatchNorm::bind(std::span<const Shape> inputs) {
  shape_ = only(inputs);
  const std::vector<std::int64_t> dims{shape_.channels};
  parameters_ = {{.name = "weight", .dims = dims, .constant = 1},
                 {.name = "bias", .dims = dims},
                 {.name = "running_mean", .dims = dims, .trained = false},
                 {.name = "running_var", .dims = dims, .constant = 1, .trained = false}};
  return shape_;
}

std::unique_ptr<Operation> BatchNorm::operation(const OperationRequest& request) const {
  if (!request.training) return std::make_unique<BatchNormInference>(*this, shape_, request);
  const Offsets at{parameters_[0].offset, parameters_[1].offset, parameters_[2].offset,
                   parameters_[3].offset};
  return std::make_unique<BatchNormTraining>(options_, shape_, request, at);
}

void BatchNorm::scale_and_shift(const NetValues& values, float* scale, float* shift) const {
  const float* weight = values.parameters + parameters_[0].offset;
  const float* bias = values.parameters + parameters_[1].offset;
  const float* mean = values.state + parameters_[2].offset;
  const float* variance = values.state + parameters_[3].offset;
  for (std::int64_t c = 0; c < shape_.channels; ++c) {
    const double root = std::sqrt(static_cast<double>(variance[c]) + static_cast<double>(options_.eps));
    const double factor = static_cast<double>(weight[c]) / root;
    scale[c] = static_cast<float>(factor);
    shift[c] = static_cast<float>(static_cast<double>(bias[c]) - static_cast<double>(mean[c]) * factor);
  }
}

}  // namespace halfwave
