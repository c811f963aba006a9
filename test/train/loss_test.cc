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
  const LossSum sum = evaluate_loss(Loss::softmax_cross_entropy, scores.data(), 3, labels, nullptr);
  const double first = -std::log(std::exp(3.0) / (std::exp(1.0) + std::exp(2.0) + std::exp(3.0)));
  EXPECT_NEAR(sum.loss, first + std::log(3.0), 1e-12);
  EXPECT_EQ(sum.correct, 1);  // of equal scores the first is taken, which is not label 1
  EXPECT_EQ(sum.images, 2);
}

TEST(Loss, StaysFiniteForHugeScores) {
  const std::vector<float> scores{1e30F, -1e30F};
  std::vector<float> gradient(2);
  const std::vector<int> labels{0};
  EXPECT_EQ(evaluate_loss(Loss::softmax_cross_entropy, scores.data(), 2, labels, gradient.data()).loss, 0);
  EXPECT_EQ(gradient, (std::vector<float>{0, 0}));
}

TEST(Loss, NotANumberStaysOne) {
  const std::vector<float> scores{1, std::numeric_limits<float>::quiet_NaN()};
  const std::vector<int> labels{0};
  EXPECT_TRUE(std::isnan(evaluate_loss(Loss::softmax_cross_entropy, scores.data(), 2, labels, nullptr).loss));
  EXPECT_TRUE(std::isnan(evaluate_loss(Loss::mean_squared_error, scores.data(), 2, labels, nullptr).loss));
}

// The gradient is that of the mean over images.
TEST(Loss, GradientsAreDerivatives) {
  for (const Loss loss : {Loss::softmax_cross_entropy, Loss::mean_squared_error}) {
    std::vector<float> scores{0.5F, -1, 2, 0.25F, 1.5F, -0.75F};
    const std::vector<int> labels{0, 2};
    std::vector<float> gradient(6);
    evaluate_loss(loss, scores.data(), 3, labels, gradient.data());
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const float step = 0x1p-8F;  // exact; the third derivative's error is below 1e-5
      const float middle = scores[i];
      scores[i] = middle + step;
      const double above = evaluate_loss(loss, scores.data(), 3, labels, nullptr).mean_loss();
      scores[i] = middle - step;
      const double below = evaluate_loss(loss, scores.data(), 3, labels, nullptr).mean_loss();
      scores[i] = middle;
      EXPECT_NEAR(gradient[i], (above - below) / (2 * step), 1e-5) << i;
    }
  }
}

}  // namespace
}  // namespace halfwave
