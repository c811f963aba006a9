#include "halfwave/train/loss.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "halfwave/kernel/softmax.h"
#include "halfwave/net/spec.h"

namespace halfwave {
namespace {

// What the outputs of one image should be: `all` for every class, more for one or two.
struct Target {
  std::size_t first, second;
  double more_first, more_second, all;

  bool is_one_class() const { return more_first == 1; }
  double at(std::size_t c) const {
    return all + (c == first ? more_first : 0) + (c == second ? more_second : 0);
  }
};

Target target_of(const Targets& targets, std::size_t image, std::size_t classes, double smoothing) {
  if (!targets.values.empty()) {
    return {.first = 0,
            .second = 0,
            .more_first = 0,
            .more_second = 0,
            .all = static_cast<double>(targets.values[image])};
  }
  const auto first = static_cast<std::size_t>(targets.labels[image]);
  const double share = targets.others.empty() ? 1 : targets.share;
  return {.first = first,
          .second = targets.others.empty() ? first : static_cast<std::size_t>(targets.others[image]),
          .more_first = share * (1 - smoothing),
          .more_second = (1 - share) * (1 - smoothing),
          .all = smoothing / static_cast<double>(classes)};
}

// Whether the label's score is the first of the largest. Without a branch, so that it becomes vectors.
bool is_first_largest(const float* scores, std::size_t classes, std::size_t label) {
  const float score = scores[label];
  bool beaten = false;
  for (std::size_t c = 0; c < label; ++c) beaten |= !(scores[c] < score);
  for (std::size_t c = label + 1; c < classes; ++c) beaten |= !(scores[c] <= score);
  return !beaten;
}

// The kernel's loss and gradient are those of the first label alone: the rest is the difference, in which the
// logarithm of the sum is left out.
double cross_entropy(const float* scores, std::size_t classes, const Target& target, double share,
                     float* gradient) {
  double loss = kernel::softmax_cross_entropy(classes, scores, target.first, share, gradient);
  if (target.is_one_class()) return loss;
  const auto first = static_cast<double>(scores[target.first]);
  for (std::size_t c = 0; c < classes; ++c) {
    loss += target.at(c) * (first - static_cast<double>(scores[c]));
    if (gradient == nullptr) continue;
    const double moved = target.at(c) - (c == target.first ? 1 : 0);
    gradient[c] = static_cast<float>(static_cast<double>(gradient[c]) - moved * share);
  }
  return loss;
}

// The mean of a function of the distances, and its slope: of d^2, or Huber's.
template <class Cost>
double mean_cost(const float* scores, std::size_t classes, const Target& target, double share,
                 float* gradient, const Cost& cost) {
  double sum = 0;
  const auto count = static_cast<double>(classes);
  for (std::size_t c = 0; c < classes; ++c) {
    const auto [value, slope] = cost(static_cast<double>(scores[c]) - target.at(c));
    sum += value / count;
    if (gradient != nullptr) gradient[c] = static_cast<float>(slope / count * share);
  }
  return sum;
}

struct Cost {
  double value, slope;
};

Cost square(double d) { return {d * d, 2 * d}; }

// Negated, so that a NaN stays one.
Cost huber(double d, double delta) {
  if (!(std::abs(d) > delta)) return {d * d / 2, d};
  return {delta * (std::abs(d) - delta / 2), std::copysign(delta, d)};
}

}  // namespace

Loss loss_by_name(std::string_view name) {
  const auto found = std::find(loss_names.begin(), loss_names.end(), name);
  assert(found != loss_names.end());
  return static_cast<Loss>(found - loss_names.begin());
}

LossSum& LossSum::operator+=(const LossSum& other) {
  loss += other.loss;
  correct += other.correct;
  images += other.images;
  squares += other.squares;
  absolutes += other.absolutes;
  return *this;
}

LossSum evaluate_loss(Loss loss, const float* scores, std::size_t classes, const Targets& targets,
                      float* gradient, const LossOptions& options) {
  assert(targets.values.empty() || (classes == 1 && loss != Loss::softmax_cross_entropy));
  const std::size_t images = targets.labels.size();
  const auto weight = [&](std::size_t image) {
    return options.class_weights.empty()
               ? 1.0
               : static_cast<double>(options.class_weights[static_cast<std::size_t>(targets.labels[image])]);
  };
  double weights = 0;
  for (std::size_t image = 0; image < images; ++image) weights += weight(image);
  LossSum sum{.images = static_cast<std::int64_t>(images)};
  for (std::size_t image = 0; image < images; ++image) {
    const Target target = target_of(targets, image, classes, options.label_smoothing);
    const double share = weight(image) / weights;
    const float* row = scores + image * classes;
    float* slope = gradient != nullptr ? gradient + image * classes : nullptr;
    double value = 0;
    switch (loss) {
      case Loss::softmax_cross_entropy:
        value = cross_entropy(row, classes, target, share, slope);
        break;
      case Loss::mean_squared_error:
        value = mean_cost(row, classes, target, share, slope, square);
        break;
      case Loss::huber:
        value = mean_cost(row, classes, target, share, slope,
                          [&](double d) { return huber(d, options.huber_delta); });
        break;
    }
    sum.loss += value * (share * static_cast<double>(images));
    if (targets.values.empty()) {
      sum.correct += is_first_largest(row, classes, target.first) ? 1 : 0;
    } else {
      const double distance = static_cast<double>(row[0]) - target.all;
      sum.squares += distance * distance;
      sum.absolutes += std::abs(distance);
    }
  }
  return sum;
}

}  // namespace halfwave
