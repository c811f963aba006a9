#include "halfwave/train/predictor.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "halfwave/base/error.h"
#include "halfwave/data/fit.h"
#include "halfwave/kernel/softmax.h"

namespace halfwave {

Predictor::Slot::Slot(const Model& model) : input(model.net.input().size()), inference(model.net, 1) {}

Predictor::Predictor(const Model& model)
    : model_(model), normaliser_(model.info.normalisation, model.net.input().channels) {
  plain_scores_ = model.net.nodes().back().layer->type() != "softmax";
}

void Predictor::predict(std::span<const std::uint8_t> pixels, std::span<float> shares) const {
  const Shape& input = model_.net.input();
  assert(pixels.size() == input.size() && shares.size() == model_.net.output().size());
  std::unique_ptr<Slot> slot;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      slot = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!slot) slot = std::make_unique<Slot>(model_);
  to_values(pixels.data(), pixels.size(), slot->input.data());
  normaliser_.apply(slot->input.data(), input.pixels());
  const float* scores = slot->inference.forward(slot->input.data(), 1);
  if (plain_scores_) {
    kernel::softmax(1, shares.size(), scores, shares.data());
  } else {
    std::copy_n(scores, shares.size(), shares.data());
  }
  if (std::any_of(shares.begin(), shares.end(), [](float share) { return std::isnan(share); })) {
    fail("the model gives no finite scores: it is broken");
  }
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(slot));
}

std::vector<float> Predictor::predict(const Image& image) const {
  const Image fitted = fit(image, model_.net.input());
  std::vector<float> shares(model_.net.output().size());
  predict(fitted.pixels, shares);
  return shares;
}

}  // namespace halfwave
