// Counts what the units of a net give, while the net runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "halfwave/inspect/health.h"
#include "halfwave/inspect/observed_layer.h"
#include "halfwave/kernel/unit_statistics.h"
#include "halfwave/net/plan.h"

namespace halfwave {

struct LayerCount {
  explicit LayerCount(std::size_t units);

  kernel::UnitStatistics values;
  kernel::UnitStatistics slopes;      // 0 where saturated
  std::vector<Histogram> histograms;  // by unit; empty where none were wanted
  bool is_pooled = false;             // the values are those that the max-pool behind the activation left
};

// look() at the same time only for different shares; the rest on one thread.
class Observer {
 public:
  // The net must outlive it. histogram_images: the first of each share are put into histograms.
  Observer(const Net& net, std::size_t shares, std::int64_t histogram_images);

  // To be called for each step of a plan. Where the plan works an activation into the max-pool behind it
  // (training), what that leaves counts: a unit that is not 0 somewhere is not 0 there either, but at the
  // edges that a window does not reach.
  void look(std::size_t share, const Plan::Made& made);

  std::span<const ObservedLayer> layers() const { return layers_; }
  // What all shares saw of a layer. Valid until the next call of look() or clear().
  const LayerCount& count(std::size_t layer);
  void clear();

 private:
  const Net& net_;
  std::vector<ObservedLayer> layers_;
  std::int64_t histogram_images_;
  // By node: the layer whose values are seen in its output, those left by its pool, and whose saturation; the
  // number of layers for none.
  std::vector<std::size_t> output_of_, pool_of_, slope_of_;
  std::vector<std::vector<LayerCount>> counts_;  // by share and layer
};

}  // namespace halfwave
