#include "halfwave/train/evaluation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "halfwave/base/error.h"
#include "halfwave/base/parallel.h"
#include "halfwave/data/loader.h"

namespace halfwave {

std::int64_t Evaluation::images(std::size_t label) const {
  const auto row = confusion.begin() + static_cast<std::ptrdiff_t>(label * classes);
  return std::accumulate(row, row + static_cast<std::ptrdiff_t>(classes), std::int64_t{0});
}

double Evaluation::recall(std::size_t label) const {
  const std::int64_t all = images(label);
  return all > 0 ? static_cast<double>(count(label, label)) / static_cast<double>(all) : 0;
}

double Evaluation::precision(std::size_t label) const {
  std::int64_t predicted = 0;
  for (std::size_t c = 0; c < classes; ++c) predicted += count(c, label);
  return predicted > 0 ? static_cast<double>(count(label, label)) / static_cast<double>(predicted) : 0;
}

namespace {

Evaluation::Distances distances_of(const LossSum& sum, const Dataset& data, const Normalisation& target) {
  const auto images = static_cast<double>(sum.images);
  const auto unit = static_cast<double>(target.deviation[0]);
  const auto variance = static_cast<double>(measure_target(data).deviation[0]) / unit;
  return {.rmse = std::sqrt(sum.squares / images) * unit,
          .mae = sum.absolutes / images * unit,
          .r2 = 1 - sum.squares / images / (variance * variance)};
}

}  // namespace

void check_fit(const Net& net, const Dataset& data) {
  if (data.shape() != net.input()) {
    fail(
        "net '{}' takes images of {}, but the data are {}; change `input` in the net's TOML (see `halfwave "
        "nets {}`)",
        net.spec().name, to_string(net.input()), to_string(data.shape()), net.spec().name);
  }
  if (data.is_regression() && net.spec().loss == "softmax_cross_entropy") {
    fail(
        "net '{}' has the loss softmax_cross_entropy, but '{}' of the data is a number; write loss = "
        "\"mean_squared_error\" or \"huber\"",
        net.spec().name, data.table()->target);
  }
  if (data.classes().size() != net.output().size()) {
    fail("net '{}' has {} outputs, but the data have {} classes; change its last layer", net.spec().name,
         net.output().size(), data.classes().size());
  }
}

Evaluation evaluate(const Net& net, Inference& inference, const std::shared_ptr<const Dataset>& data,
                    const ModelInfo& info, const EvaluationCallbacks& callbacks) {
  check_fit(net, *data);
  const Loss loss = loss_by_name(net.spec().loss);
  Evaluation result;
  result.classes = data->classes().size();
  result.confusion.assign(result.classes * result.classes, 0);
  Loader loader(data, info.normalisation,
                {.batch = inference.batch(),
                 .shuffle = false,
                 .target = info.target,
                 .threads = thread_count(),
                 .on_skip = callbacks.on_skip});
  for (std::uint64_t i = 0; i < loader.batches(); ++i) {
    const Batch& images = loader.next();
    const float* scores = inference.forward(images.x.data(), images.size);
    result.sum += evaluate_loss(loss, scores, result.classes,
                                {.labels = images.labels, .values = images.values}, nullptr);
    for (std::size_t n = 0; n < images.labels.size(); ++n) {
      const float* row = scores + n * result.classes;
      const auto predicted = static_cast<std::size_t>(std::max_element(row, row + result.classes) - row);
      ++result.confusion[static_cast<std::size_t>(images.labels[n]) * result.classes + predicted];
    }
    if (callbacks.on_scores) callbacks.on_scores(images, scores);
    if (callbacks.on_batch && !callbacks.on_batch(static_cast<std::size_t>(result.sum.images))) break;
  }
  if (data->is_regression()) result.distances = distances_of(result.sum, *data, info.target);
  return result;
}

}  // namespace halfwave
