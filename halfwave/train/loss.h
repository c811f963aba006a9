// Losses: their value, what was right, and their gradient.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace halfwave {

enum class Loss {
  softmax_cross_entropy,  // -log softmax(scores)[label], mean over images; PyTorch's CrossEntropyLoss
  mean_squared_error,  // mean over images and outputs of (score - target)^2, target 1 for the label, else 0
};

// By its name in a net's text. The name must be known (Net checks it).
Loss loss_by_name(std::string_view name);

struct LossSum {
  double loss = 0;           // summed over images
  std::int64_t correct = 0;  // images whose largest score is the label's (the first of equal ones)
  std::int64_t images = 0;

  LossSum& operator+=(const LossSum& other);
  double mean_loss() const { return images > 0 ? loss / static_cast<double>(images) : 0; }
  double accuracy() const {
    return images > 0 ? static_cast<double>(correct) / static_cast<double>(images) : 0;
  }
};

// scores: labels.size() x classes; labels in [0, classes). gradient (may be null): of the mean loss by the
// scores, overwritten.
LossSum evaluate_loss(Loss loss, const float* scores, std::size_t classes, std::span<const int> labels,
                      float* gradient);

}  // namespace halfwave
