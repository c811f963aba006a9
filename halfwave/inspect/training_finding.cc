#include "halfwave/inspect/training_finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace halfwave {
namespace {

constexpr std::size_t loss_epochs = 10;  // SageMaker's steps
constexpr std::size_t overfit_epochs = 3;

auto lowest(std::span<const EpochResult> epochs, double EpochResult::*loss) {
  return std::min_element(epochs.begin(), epochs.end(),
                          [&](const EpochResult& a, const EpochResult& b) { return a.*loss < b.*loss; });
}

void loss_not_decreasing(std::span<const EpochResult> history, const Thresholds& t,
                         std::vector<Finding>& found) {
  if (history.size() < 2) return;
  const std::size_t late = std::min(loss_epochs, history.size() - 1);
  const double before = lowest(history.first(history.size() - late), &EpochResult::train_loss)->train_loss;
  const double after = lowest(history.last(late), &EpochResult::train_loss)->train_loss;
  const double decrease = (before - after) / before;
  if (!(before > 0) || decrease >= t.loss_decrease) return;
  found.push_back({.rule = "loss_not_decreasing",
                   .value = decrease,
                   .threshold = t.loss_decrease,
                   .what = fmt::format(
                       "the training loss has not fallen for {} epoch{}: {:.4g} before, {:.4g} at best since",
                       late, late == 1 ? "" : "s", before, after),
                   .advice = "another rate (--find-lr tries some), see whether gradients arrive (`halfwave "
                             "inspect`), or stop: it may "
                             "have learned what it can"});
}

void overfit(std::span<const EpochResult> history, const Thresholds& t, std::vector<Finding>& found) {
  if (history.size() <= overfit_epochs) return;
  const EpochResult& last = history.back();
  const EpochResult& best = *lowest(history, &EpochResult::test_loss);
  const double excess = (last.test_loss - last.train_loss) / last.train_loss;
  if (!(last.train_loss > 0) || !(excess > t.overfit)) return;
  if (last.epoch - best.epoch < static_cast<std::int64_t>(overfit_epochs)) return;
  found.push_back(
      {.rule = "overfit",
       .value = excess,
       .threshold = t.overfit,
       .what = fmt::format("the test loss was lowest in epoch {} ({:.4g}) and is {:.4g} now, while that of "
                           "training is {:.4g}",
                           best.epoch, best.test_loss, last.test_loss, last.train_loss),
       .advice = "more data or changed copies (--augment), a dropout layer, --weight-decay, or fewer epochs "
                 "(--patience 3)"});
}

}  // namespace

std::vector<Finding> find_start_faults(const Inspection& untrained, const Thresholds& thresholds) {
  std::vector<Finding> found;
  const auto add = [&](const std::string& layer, double value, double threshold, std::int64_t images,
                       std::string what) {
    found.push_back({.rule = "poor_weight_initialization",
                     .layer = layer,
                     .value = value,
                     .threshold = threshold,
                     .images = images,
                     .what = std::move(what),
                     .advice =
                         "batch_norm, fewer layers, or another activation: relu starts by He's rule, tanh "
                         "and sigmoid by Glorot's"});
  };
  const LayerHealth* least = nullptr;
  const LayerHealth* most = nullptr;
  for (const LayerHealth& layer : untrained.layers) {
    if (layer.activation == "linear") continue;
    if (least == nullptr || layer.variance < least->variance) least = &layer;
    if (most == nullptr || layer.variance > most->variance) most = &layer;
  }
  if (least != most && most->variance > thresholds.variance_ratio * least->variance)
    add({}, most->variance / least->variance, thresholds.variance_ratio, untrained.sum.images,
        fmt::format("before training the values of '{}' vary {:.3g} times as much as those of '{}'",
                    most->name, most->variance / least->variance, least->name));
  for (const LayerGradient& layer : untrained.gradients) {
    if (!layer.spread || *layer.spread >= thresholds.gradient_spread) continue;
    add(layer.name, *layer.spread, thresholds.gradient_spread, untrained.gradient_images,
        fmt::format("before training nine tenths of the gradients of '{}' lie within {:.2g} of each other",
                    layer.name, *layer.spread));
  }
  return found;
}

std::vector<Finding> find_training_faults(std::span<const EpochResult> history,
                                          const Thresholds& thresholds) {
  std::vector<Finding> found;
  loss_not_decreasing(history, thresholds, found);
  overfit(history, thresholds, found);
  return found;
}

std::vector<Finding> find_faults(const Inspection& inspection, std::span<const EpochResult> history,
                                 const std::vector<RuleSet>& sets, const Thresholds& thresholds) {
  std::vector<Finding> found = find_faults(inspection, sets, thresholds);
  if (std::find(sets.begin(), sets.end(), RuleSet::sagemaker) != sets.end()) {
    for (Finding& finding : find_training_faults(history, thresholds)) found.push_back(std::move(finding));
  }
  return found;
}

}  // namespace halfwave
