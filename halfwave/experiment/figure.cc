#include "halfwave/experiment/figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "halfwave/inspect/finding.h"
#include "halfwave/train/adapt.h"

namespace halfwave::experiment {
namespace {

template <class Take>
void each_layer(const ComparedRun& run, Take&& take) {
  for (const LayerHealth& layer : run.inspection.layers) {
    if (layer.activation != "linear") take(layer);
  }
}

double mean_over_layers(const ComparedRun& run, double (*figure)(const LayerHealth&)) {
  double sum = 0;
  double layers = 0;
  each_layer(run, [&](const LayerHealth& layer) {
    sum += figure(layer);
    ++layers;
  });
  return sum / layers;
}

}  // namespace

Figures figures(const Compared& compared, const std::function<double(const ComparedRun&)>& figure) {
  Figures values;
  for (const ComparedRun& run : compared.runs)
    values.push_back(run.failure.empty() ? figure(run) : std::numeric_limits<double>::quiet_NaN());
  return values;
}

double mean(const Figures& values) {
  double sum = 0;
  double count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return sum / count;
}

bool all(const Figures& values, const std::function<bool(double)>& holds) {
  return std::all_of(values.begin(), values.end(),
                     [&](double value) { return !std::isnan(value) && holds(value); });
}

bool larger(const Figures& values, const Figures& others) {
  const std::vector<Ranked> ranking = rank(std::vector<Figures>{values, others});
  return ranking[0].contestant == 0 && ranking[1].place == 2;
}

std::string text(const Figures& values, const char* format) {
  Figures sound;
  std::copy_if(values.begin(), values.end(), std::back_inserter(sound),
               [](double v) { return !std::isnan(v); });
  if (sound.empty()) return "failed";
  const auto [least, most] = std::minmax_element(sound.begin(), sound.end());
  const auto one = [&](double value) { return fmt::format(fmt::runtime(format), value); };
  std::string result = fmt::format("{} ({} to {})", one(mean(sound)), one(*least), one(*most));
  if (sound.size() < values.size())
    result += fmt::format(", {} of {} failed", values.size() - sound.size(), values.size());
  return result;
}

double zero_share(const ComparedRun& run) {
  return mean_over_layers(run, [](const LayerHealth& layer) { return layer.zero_share; });
}

double off_centre(const ComparedRun& run) {
  return mean_over_layers(run, [](const LayerHealth& layer) { return std::abs(layer.off_centre); });
}

double dead(const ComparedRun& run) {
  double count = 0;
  each_layer(run,
             [&](const LayerHealth& layer) { count += static_cast<double>(dead_units(layer, {}).size()); });
  return count;
}

double units(const ComparedRun& run) {
  double count = 0;
  each_layer(run, [&](const LayerHealth& layer) { count += static_cast<double>(layer.units.size()); });
  return count;
}

Contestant contestant(NetSpec net, const char* activation, const Dataset& data) {
  net.activation = activation;
  return {activation, adapted(std::move(net), data)};
}

}  // namespace halfwave::experiment
