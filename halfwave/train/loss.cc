#include "halfwave/train/loss.h"

#include <cassert>

#include "halfwave/kernel/softmax.h"

namespace halfwave {
namespace {

// Whether the label's score is the first of the largest. Without a branch, so that it becomes vectors.
bool is_first_largest(const float* scores, std::size_t classes, std::size_t label) {
  const float score = scores[label];
  bool beaten = false;
  for (std::size_t c = 0; c < label; ++c) beaten |= !(scores[c] < score);
  for (std::size_t c = label + 1; c < classes; ++c) beaten |= !(scores[c] <= score);
  return !beaten;
}

double squared_error(const float* scores, std::size_t classes, std::size_t label, double share,
                     float* gradient) {
  double sum = 0;
  const auto count = static_cast<double>(classes);
  for (std::size_t c = 0; c < classes; ++c) {
    const double distance = static_cast<double>(scores[c]) - (c == label ? 1 : 0);
    sum += distance * distance / count;
    if (gradient != nullptr) gradient[c] = static_cast<float>(2 * distance / count * share);
  }
  return sum;
}

}  // namespace

Loss loss_by_name(std::string_view name) {
  assert(name == "softmax_cross_entropy" || name == "mean_squared_error");
  return name == "mean_squared_error" ? Loss::mean_squared_error : Loss::softmax_cross_entropy;
}

LossSum& LossSum::operator+=(const LossSum& other) {
  loss += other.loss;
  correct += other.correct;
  images += other.images;
  return *this;
}

LossSum evaluate_loss(Loss loss, const float* scores, std::size_t classes, std::span<const int> labels,
                      float* gradient) {
  LossSum sum{.images = static_cast<std::int64_t>(labels.size())};
  const double share = 1 / static_cast<double>(labels.size());
  for (std::size_t image = 0; image < labels.size(); ++image) {
    const auto label = static_cast<std::size_t>(labels[image]);
    const float* row = scores + image * classes;
    float* slope = gradient != nullptr ? gradient + image * classes : nullptr;
    sum.loss += loss == Loss::softmax_cross_entropy
                    ? kernel::softmax_cross_entropy(classes, row, label, share, slope)
                    : squared_error(row, classes, label, share, slope);
    sum.correct += is_first_largest(row, classes, label) ? 1 : 0;
  }
  return sum;
}

}  // namespace halfwave
