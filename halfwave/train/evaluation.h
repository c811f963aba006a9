// How good a net is on a data set.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "halfwave/data/dataset.h"
#include "halfwave/data/loader.h"
#include "halfwave/data/normalisation.h"
#include "halfwave/net/inference.h"
#include "halfwave/train/loss.h"
#include "halfwave/train/model.h"

namespace halfwave {

struct Evaluation {
  LossSum sum;
  // Of numbers to be learned, in their own units: the root of the mean squared distance, the mean distance,
  // and the share of their variance that is explained (below 0: worse than always their mean).
  struct Distances {
    double rmse = 0, mae = 0, r2 = 0;
  };
  std::optional<Distances> distances{};
  std::size_t classes = 0;
  std::vector<std::int64_t> confusion;  // classes x classes: row = true label, column = predicted

  std::int64_t count(std::size_t truth, std::size_t predicted) const {
    return confusion[truth * classes + predicted];
  }
  // Of a class: its images, and the shares right among them (recall) and among those predicted (precision).
  std::int64_t images(std::size_t label) const;
  double recall(std::size_t label) const;
  double precision(std::size_t label) const;
};

// What evaluate() tells while it works; all may be left out.
struct EvaluationCallbacks {
  // After each batch: examples done. When it returns false, what has been seen so far counts.
  std::function<bool(std::size_t)> on_batch{};
  // Before that: what the net gave for the batch's examples, as many scores each as it has outputs.
  std::function<void(const Batch&, const float* scores)> on_scores{};
  // An example that cannot be read is left out, and why is told here. Without this it is an Error.
  std::function<void(const std::string&)> on_skip{};
};

// Runs the whole data set through the net, inference.batch() images at a time. Error when data and net do not
// fit.
Evaluation evaluate(const Net& net, Inference& inference, const std::shared_ptr<const Dataset>& data,
                    const ModelInfo& info, const EvaluationCallbacks& callbacks = {});

// Error, saying what differs, when the net does not take the images or has another number of outputs than the
// data have classes.
void check_fit(const Net& net, const Dataset& data);

}  // namespace halfwave
