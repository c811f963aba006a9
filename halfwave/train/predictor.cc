#include "halfwave/train/predictor.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "halfwave/base/error.h"
#include "halfwave/data/fit.h"
#include "halfwave/kernel/softmax.h"

namespace halfwave {

Predictor::Slot::Slot(const Model& model, KernelChoice kernels)
    : input(model.net.input().size()), inference(model.net, 1, kernels) {}

Predictor::Predictor(const Model& model, KernelChoice kernels)
    : model_(model), kernels_(kernels), normaliser_(model.info.normalisation, model.net.input().channels) {
  plain_scores_ = model.net.nodes().back().layer->type() != "softmax";
}

std::unique_ptr<Predictor::Slot> Predictor::take_slot() const {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Slot> slot = std::move(idle_.back());
      idle_.pop_back();
      return slot;
    }
  }
  return std::make_unique<Slot>(model_, kernels_);
}

void Predictor::give_back(std::unique_ptr<Slot> slot) const {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(slot));
}

// What lies in the slot's input, through the net.
void Predictor::run(Slot& slot, std::span<float> shares) const {
  normaliser_.apply(slot.input.data(), model_.net.input().pixels());
  const float* scores = slot.inference.forward(slot.input.data(), 1);
  const bool number = model_.info.table && model_.info.table->regression;
  if (number) {
    shares[0] = model_.info.target.mean[0] + scores[0] * model_.info.target.deviation[0];
  } else if (plain_scores_) {
    kernel::softmax(1, shares.size(), scores, shares.data());
  } else {
    std::copy_n(scores, shares.size(), shares.data());
  }
  if (std::any_of(shares.begin(), shares.end(), [](float share) { return std::isnan(share); })) {
    fail("the model gives no finite scores: it is broken");
  }
}

void Predictor::predict(std::span<const std::uint8_t> pixels, std::span<float> shares) const {
  assert(pixels.size() == model_.net.input().size() && shares.size() == model_.net.output().size());
  std::unique_ptr<Slot> slot = take_slot();
  to_values(pixels.data(), pixels.size(), slot->input.data());
  run(*slot, shares);
  give_back(std::move(slot));
}

void Predictor::predict_row(std::span<const float> values, std::span<float> shares) const {
  assert(values.size() == model_.net.input().size() && shares.size() == model_.net.output().size());
  std::unique_ptr<Slot> slot = take_slot();
  std::copy(values.begin(), values.end(), slot->input.data());
  run(*slot, shares);
  give_back(std::move(slot));
}

std::vector<float> Predictor::predict(const Image& image) const {
  const Image fitted = fit(image, model_.net.input());
  std::vector<float> shares(model_.net.output().size());
  predict(fitted.pixels, shares);
  return shares;
}

}  // namespace halfwave
