#include "halfwave/train/loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace halfwave {
namespace {

TEST(Loss, CrossEntropyHasTheTextbookValue) {
  const std::vector<float> scores{1, 2, 3, 0, 0, 0};
  const std::vector<int> labels{2, 1};
  const LossSum sum = evaluate_loss(Loss::softmax_cross_entropy, scores.data(), 3, {labels}, nullptr);
  const double first = -std::log(std::exp(3.0) / (std::exp(1.0) + std::exp(2.0) + std::exp(3.0)));
  EXPECT_NEAR(sum.loss, first + std::log(3.0), 1e-12);
  EXPECT_EQ(sum.correct, 1);  // of equal scores the first is taken, which is not label 1
  EXPECT_EQ(sum.images, 2);
}

TEST(Loss, StaysFiniteForHugeScores) {
  const std::vector<float> scores{1e30F, -1e30F};
  std::vector<float> gradient(2);
  const std::vector<int> labels{0};
  EXPECT_EQ(evaluate_loss(Loss::softmax_cross_entropy, scores.data(), 2, {labels}, gradient.data()).loss, 0);
  EXPECT_EQ(gradient, (std::vector<float>{0, 0}));
}

TEST(Loss, NotANumberStaysOne) {
  const std::vector<float> scores{1, std::numeric_limits<float>::quiet_NaN()};
  const std::vector<int> labels{0};
  EXPECT_TRUE(
      std::isnan(evaluate_loss(Loss::softmax_cross_entropy, scores.data(), 2, {labels}, nullptr).loss));
  EXPECT_TRUE(std::isnan(evaluate_loss(Loss::mean_squared_error, scores.data(), 2, {labels}, nullptr).loss));
}

// In double, from the definitions.
double reference(Loss loss, const std::vector<float>& scores, const std::vector<int>& labels,
                 const std::vector<int>& others, double share, const LossOptions& options) {
  double sum = 0;
  double weights = 0;
  for (std::size_t n = 0; n < labels.size(); ++n) {
    const float* row = &scores[3 * n];
    double exponentials = 0;
    for (std::size_t c = 0; c < 3; ++c) exponentials += std::exp(static_cast<double>(row[c]));
    double value = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      double target = static_cast<int>(c) == labels[n] ? share : 0;
      if (static_cast<int>(c) == others[n]) target += 1 - share;
      target = target * (1 - options.label_smoothing) + options.label_smoothing / 3;
      const auto score = static_cast<double>(row[c]);
      const double d = score - target;
      if (loss == Loss::softmax_cross_entropy) value += target * (std::log(exponentials) - score);
      if (loss == Loss::mean_squared_error) value += d * d / 3;
      if (loss == Loss::huber) {
        value += (std::abs(d) <= options.huber_delta
                      ? d * d / 2
                      : options.huber_delta * (std::abs(d) - options.huber_delta / 2)) /
                 3;
      }
    }
    const double weight =
        options.class_weights.empty()
            ? 1
            : static_cast<double>(options.class_weights[static_cast<std::size_t>(labels[n])]);
    sum += weight * value;
    weights += weight;
  }
  return sum / weights;
}

// The value is the definition's, and the gradient that of the mean over images, for every loss and option.
TEST(Loss, ValuesAreTheDefinitionsAndGradientsTheirDerivatives) {
  const std::vector<int> labels{0, 2, 1};
  const std::vector<int> same = labels;
  const std::vector<int> others{1, 2, 0};
  const std::vector<float> weights{0.5F, 2, 1};
  for (const Loss loss : {Loss::softmax_cross_entropy, Loss::mean_squared_error, Loss::huber}) {
    for (const double smoothing : {0.0, 0.1}) {
      for (const bool mixed : {false, true}) {
        for (const bool weighted : {false, true}) {
          const LossOptions options{.label_smoothing = smoothing,
                                    .huber_delta = 0.7,
                                    .class_weights = weighted ? weights : std::vector<float>{}};
          const std::vector<int> seconds = mixed ? others : std::vector<int>{};
          const Targets targets{labels, seconds, mixed ? 0.7 : 1};
          std::vector<float> scores{0.5F, -1, 2, 0.25F, 1.5F, -0.75F, 3, -2, 0.125F};
          std::vector<float> gradient(9);
          const double value =
              evaluate_loss(loss, scores.data(), 3, targets, gradient.data(), options).mean_loss();
          EXPECT_NEAR(value, reference(loss, scores, labels, mixed ? others : same, mixed ? 0.7 : 1, options),
                      1e-12);
          for (std::size_t i = 0; i < scores.size(); ++i) {
            const float step = 0x1p-8F;  // exact; the third derivative's error is below 1e-5
            const float middle = scores[i];
            scores[i] = middle + step;
            const double above = evaluate_loss(loss, scores.data(), 3, targets, nullptr, options).mean_loss();
            scores[i] = middle - step;
            const double below = evaluate_loss(loss, scores.data(), 3, targets, nullptr, options).mean_loss();
            scores[i] = middle;
            EXPECT_NEAR(gradient[i], (above - below) / (2 * step), 1e-5) << i;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace halfwave
