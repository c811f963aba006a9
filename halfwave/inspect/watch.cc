#include "halfwave/inspect/watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "halfwave/base/table.h"
#include "halfwave/inspect/layer_gradient.h"

namespace halfwave {

Watch::Watch(const Net& net, const TrainOptions& options)
    : net_(net), observer_(net, 1, 0), options_(options), revival_(net, options) {}

void Watch::end_step(const float* gradients, std::int64_t epoch, HealthTally& tally) {
  tally.epoch = epoch;
  ++tally.looks;
  const std::span<const ObservedLayer> layers = observer_.layers();
  tally.layers.resize(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerCount& count = observer_.count(i);
    LayerTally& sum = tally.layers[i];
    const std::size_t units = count.values.units();
    sum.active.resize(units);
    sum.saturated.resize(units);
    sum.last_active.resize(units);
    sum.images += count.values.images();
    sum.values += count.values.values();
    for (std::size_t unit = 0; unit < units; ++unit) {
      sum.zeros += count.values.zeros(unit);
      sum.active[unit] += count.values.active(unit);
      sum.saturated[unit] += count.slopes.zeros(unit);
      if (count.values.active(unit) > 0) sum.last_active[unit] = epoch;
    }
  }
  observer_.clear();
  const std::vector<LayerGradient> found = layer_gradients(net_, gradients, 1);
  tally.gradients.resize(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    tally.gradients[i].name = found[i].name;
    tally.gradients[i].norm += found[i].norm;
    tally.gradients[i].zero_share += found[i].zero_share;
  }
}

EpochHealth Watch::judge(const HealthTally& tally) const {
  EpochHealth health;
  const std::span<const ObservedLayer> layers = observer_.layers();
  if (tally.layers.size() != layers.size() || tally.layers.empty() || tally.layers[0].images < least_images)
    return health;
  const Thresholds thresholds;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerTally& sum = tally.layers[i];
    const auto images = static_cast<double>(sum.images);
    const auto values = static_cast<double>(sum.values);
    LayerWatch layer{.name = net_.nodes()[layers[i].maker].name,
                     .units = static_cast<std::int64_t>(sum.active.size()),
                     .images = sum.images};
    layer.zero_share = static_cast<double>(sum.zeros) / values / static_cast<double>(layer.units);
    for (std::size_t unit = 0; unit < sum.active.size(); ++unit) {
      const bool dead = layers[i].can_rest() && sum.active[unit] == 0;
      layer.dead += dead ? 1 : 0;
      layer.silent += dead && tally.epoch - sum.last_active[unit] >= silent_epochs ? 1 : 0;
      layer.dying += layers[i].can_rest() && !dead &&
                             static_cast<double>(sum.active[unit]) < thresholds.active_share * images
                         ? 1
                         : 0;
      layer.saturated +=
          static_cast<double>(sum.saturated[unit]) > thresholds.saturated_share * values ? 1 : 0;
    }
    health.layers.push_back(std::move(layer));
  }
  health.gradients = tally.gradients;
  for (GradientWatch& gradient : health.gradients) {
    gradient.norm /= static_cast<double>(tally.looks);
    gradient.zero_share /= static_cast<double>(tally.looks);
  }
  return health;
}

void Watch::revive(Net& net, Optimiser& optimiser, HealthTally& tally, EpochHealth& health) const {
  const std::span<const ObservedLayer> layers = observer_.layers();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (health.layers[i].dead == 0 || !revival_.possible(layers[i])) continue;
    LayerTally& sum = tally.layers[i];
    std::vector<std::size_t> units;
    for (std::size_t unit = 0; unit < sum.active.size(); ++unit) {
      if (sum.active[unit] > 0 || tally.epoch - sum.last_active[unit] < options_.revive) continue;
      units.push_back(unit);
      sum.last_active[unit] = tally.epoch;
    }
    revival_.revive(net, optimiser, layers[i], units, tally.epoch);
    health.layers[i].revived = static_cast<std::int64_t>(units.size());
  }
}

EpochHealth Watch::end_epoch(Net& net, Optimiser& optimiser, HealthTally& tally) {
  EpochHealth health = judge(tally);
  if (health.layers.empty()) return health;
  if (options_.revive > 0 && tally.epoch < options_.epochs) revive(net, optimiser, tally, health);
  tally.looks = 0;
  tally.gradients.clear();
  for (LayerTally& layer : tally.layers) {
    layer.images = layer.values = layer.zeros = 0;
    std::fill(layer.active.begin(), layer.active.end(), 0);
    std::fill(layer.saturated.begin(), layer.saturated.end(), 0);
  }
  return health;
}

std::vector<Finding> find_faults(const EpochHealth& health, const Thresholds& thresholds) {
  std::vector<Finding> found;
  const auto add = [&](const LayerWatch& layer, const char* rule, std::int64_t units, double threshold,
                       const std::string& state, const char* advice) {
    const double share = static_cast<double>(units) / static_cast<double>(layer.units);
    if (share <= threshold) return false;
    found.push_back({.rule = rule,
                     .layer = layer.name,
                     .value = share,
                     .threshold = threshold,
                     .images = layer.images,
                     .what = fmt::format("{}: {} of {} units {}", layer.name, units, layer.units, state),
                     .advice = advice});
    return true;
  };
  for (const LayerWatch& layer : health.layers) {
    const std::string seen = count_text(static_cast<std::size_t>(layer.images));
    constexpr const char* revival =
        "a lower rate, leaky_relu, prelu or elu keep units alive; --revive 1 starts dead ones anew";
    if (!add(layer, "silent_units", layer.silent, Watch::silent_share,
             fmt::format("have not fired for {} epochs", Watch::silent_epochs), revival)) {
      add(layer, "dead_layer", layer.dead, thresholds.layer_share,
          fmt::format("fired on none of {} images", seen), revival);
    }
    add(layer, "saturated_layer", layer.saturated, thresholds.layer_share,
        fmt::format("are flat (slope below {:g})", LayerHealth::saturated_slope),
        "smaller first weights, batch_norm before the activation, or relu instead of it");
  }
  Inspection gradients;
  for (const GradientWatch& layer : health.gradients)
    gradients.gradients.push_back({.name = layer.name, .norm = layer.norm, .zero_share = layer.zero_share});
  for (Finding& finding : find_faults(gradients, {RuleSet::autotrainer}, thresholds))
    found.push_back(std::move(finding));
  return found;
}

}  // namespace halfwave
