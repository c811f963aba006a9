// Runs a model on pictures.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "halfwave/data/image.h"
#include "halfwave/net/inference.h"
#include "halfwave/train/model.h"

namespace halfwave {

// Thread-safe: threads that predict at the same time get an Inference each. After the first call of each
// nothing of ours is allocated (oneDNN makes a small table of arguments a layer); predict(Image) allocates
// the fitted picture.
class Predictor {
 public:
  // The model must outlive it.
  explicit Predictor(const Model& model, KernelChoice kernels = KernelChoice::automatic);

  // pixels: one picture of the net's input shape, 0 to 255, NHWC. shares: one value a class, from 0 to 1, sum
  // 1 (softmax of the scores; the scores themselves if the net ends in a softmax). Error when the scores are
  // not finite.
  void predict(std::span<const std::uint8_t> pixels, std::span<float> shares) const;

  // Rows of a table, values as encode_row() writes them: one row. shares as above; of a number its value.
  void predict_row(std::span<const float> values, std::span<float> shares) const;

  // A picture of any size and kind, fitted to the net's input (see fit.h).
  std::vector<float> predict(const Image& image) const;

 private:
  struct Slot {
    Slot(const Model& model, KernelChoice kernels);
    Buffer input;
    Inference inference;
  };

  void run(Slot& slot, std::span<float> shares) const;
  std::unique_ptr<Slot> take_slot() const;
  void give_back(std::unique_ptr<Slot> slot) const;

  const Model& model_;
  KernelChoice kernels_;
  Normaliser normaliser_;
  bool plain_scores_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Slot>> idle_;
};

}  // namespace halfwave
