#include "halfwave/inspect/observer.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "halfwave/layer/max_pool.h"

namespace halfwave {
namespace {

// saved: what the slope is computed from.
void add_slopes(const Activation& activation, std::span<const float> saved, std::size_t pixels,
                kernel::UnitStatistics& slopes) {
  const std::size_t image = pixels * slopes.units();
  const std::vector<float> ones(image, 1.0F);
  std::vector<float> slope(image);
  for (std::size_t at = 0; at < saved.size(); at += image) {
    activation.backward(saved.data() + at, ones.data(), slope.data(), image);
    for (float& value : slope)
      value = std::abs(value) < static_cast<float>(LayerHealth::saturated_slope) ? 0.0F : value;
    slopes.add(slope.data(), 1, pixels);
  }
}

void add_histograms(std::span<const float> values, LayerCount& count) {
  const std::size_t units = count.values.units();
  count.histograms.resize(units);
  for (std::size_t at = 0; at < values.size(); at += units) {
    for (std::size_t unit = 0; unit < units; ++unit) count.histograms[unit].add(values[at + unit]);
  }
}

}  // namespace

LayerCount::LayerCount(std::size_t units) : values(units), slopes(units) {}

Observer::Observer(const Net& net, std::size_t shares, std::int64_t histogram_images)
    : net_(net), layers_(observed_layers(net)), histogram_images_(histogram_images) {
  const std::span<const Net::Node> nodes = net.nodes();
  output_of_.assign(nodes.size(), layers_.size());
  pool_of_.assign(nodes.size(), layers_.size());
  slope_of_.assign(nodes.size(), layers_.size());
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const ObservedLayer& layer = layers_[i];
    output_of_[layer.output] = i;
    for (std::size_t node = layer.output + 1; node < nodes.size(); ++node) {
      if (nodes[node].inputs[0] == layer.output + 1 &&
          dynamic_cast<const MaxPool*>(nodes[node].layer.get()) != nullptr)
        pool_of_[node] = i;
    }
    if (!layer.saturates()) continue;
    const std::size_t input = nodes[layer.output].inputs[0];
    if (layer.activation->info().backward_from_y) {
      slope_of_[layer.output] = i;
    } else if (input > 0) {
      slope_of_[input - 1] = i;
    }
  }
  counts_.resize(shares);
  clear();
}

void Observer::clear() {
  for (std::vector<LayerCount>& counts : counts_) {
    counts.clear();
    for (const ObservedLayer& layer : layers_)
      counts.emplace_back(static_cast<std::size_t>(net_.nodes()[layer.output].shape.channels));
  }
}

void Observer::look(std::size_t share, const Plan::Made& made) {
  const Shape& shape = net_.nodes()[made.node].shape;
  const std::size_t pixels = shape.size() / static_cast<std::size_t>(shape.channels);
  const std::size_t images = made.values.size() / shape.size();
  const auto add = [&](LayerCount& count) {
    const std::int64_t wanted = std::clamp<std::int64_t>(histogram_images_ - count.values.images(), 0,
                                                         static_cast<std::int64_t>(images));
    if (wanted > 0) add_histograms(made.values.first(static_cast<std::size_t>(wanted) * shape.size()), count);
    count.values.add(made.values.data(), images, pixels);
  };
  if (const std::size_t i = output_of_[made.node]; i < layers_.size()) add(counts_[share][i]);
  if (const std::size_t i = pool_of_[made.node]; i < layers_.size()) {
    LayerCount& count = counts_[share][i];
    count.is_pooled = count.is_pooled || count.values.images() == 0;
    if (count.is_pooled) add(count);
  }
  if (const std::size_t i = slope_of_[made.node]; i < layers_.size())
    add_slopes(*layers_[i].activation, made.values, pixels, counts_[share][i].slopes);
}

const LayerCount& Observer::count(std::size_t layer) {
  LayerCount& sum = counts_[0][layer];
  for (std::size_t share = 1; share < counts_.size(); ++share) {
    LayerCount& other = counts_[share][layer];
    sum.values.join(other.values);
    sum.slopes.join(other.slopes);
    sum.histograms.resize(std::max(sum.histograms.size(), other.histograms.size()));
    for (std::size_t unit = 0; unit < other.histograms.size(); ++unit)
      sum.histograms[unit] += other.histograms[unit];
    other = LayerCount(sum.values.units());
  }
  return sum;
}

}  // namespace halfwave
