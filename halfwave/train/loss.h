// Losses: their value, what was right, and their gradient.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace halfwave {

// By the names of loss_names in net/spec.h, in this order.
enum class Loss {
  softmax_cross_entropy,  // -sum of target log softmax(scores), mean over images; PyTorch's CrossEntropyLoss
  mean_squared_error,     // mean over images and outputs of d^2, d = score - target
  huber  // the same of d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2) (Huber 1964; PyTorch's
         // HuberLoss)
};

// By its name in a net's text. The name must be known (Net checks it).
Loss loss_by_name(std::string_view name);

struct LossOptions {
  // Of the target this share goes to all classes alike (Szegedy et al. 2016, section 7); 0 to below 1.
  double label_smoothing = 0;
  double huber_delta = 1;  // above 0
  // By label: how much an image counts; the mean over images is divided by the sum of theirs. Empty: all
  // alike.
  std::vector<float> class_weights{};
};

// What the outputs of a batch should be: 1 for the label of an image and 0 for other classes; of a mixture of
// two images, `share` for the label of the first and the rest for that of the second.
struct Targets {
  std::span<const int> labels;    // in [0, classes)
  std::span<const int> others{};  // of the second images; empty: no mixtures
  double share = 1;               // 0.5 to 1
  std::span<const float>
      values{};  // of numbers to be learned: what the one output should be; labels are all 0
};

struct LossSum {
  double loss = 0;           // summed over images
  std::int64_t correct = 0;  // images whose largest score is the label's (the first of equal ones)
  std::int64_t images = 0;
  double squares = 0;    // of numbers to be learned: sum of squared distances
  double absolutes = 0;  // and of absolute ones

  LossSum& operator+=(const LossSum& other);
  double mean_loss() const { return images > 0 ? loss / static_cast<double>(images) : 0; }
  double accuracy() const {
    return images > 0 ? static_cast<double>(correct) / static_cast<double>(images) : 0;
  }
  // The share of the variance that is explained (R2), where the numbers to be learned have variance 1.
  double explained() const { return images > 0 ? 1 - squares / static_cast<double>(images) : 0; }
};

// scores: targets.labels.size() x classes. gradient (may be null): of the mean loss by the scores,
// overwritten.
LossSum evaluate_loss(Loss loss, const float* scores, std::size_t classes, const Targets& targets,
                      float* gradient, const LossOptions& options = {});

}  // namespace halfwave
