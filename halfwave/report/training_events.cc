#include "halfwave/report/training_events.h"

#include <fmt/format.h>

#include "halfwave/inspect/layer_maps.h"
#include "halfwave/report/event_file.h"
#include "halfwave/report/map_sheet.h"

namespace halfwave {

std::string event_file_name(std::int64_t epoch) {
  return fmt::format("events.out.tfevents.{:010}.halfwave", epoch);
}

std::string training_events(const EpochResult& result, Net& net, std::span<const float> example,
                            bool regression, double wall_time) {
  const char* const quality = regression ? "R2" : "accuracy";
  std::vector<EventValue> values{{"loss/train", result.train_loss},
                                 {"loss/test", result.test_loss},
                                 {fmt::format("{}/train", quality), result.train_accuracy},
                                 {fmt::format("{}/test", quality), result.test_accuracy},
                                 {"rate", result.rate}};
  for (const LayerWatch& layer : result.health.layers) {
    values.push_back({"zeros/" + layer.name, layer.zero_share});
    values.push_back({"dead units/" + layer.name, static_cast<double>(layer.dead)});
    values.push_back({"saturated units/" + layer.name, static_cast<double>(layer.saturated)});
  }
  for (const GradientWatch& layer : result.health.gradients)
    values.push_back({"gradient norm/" + layer.name, layer.norm});
  for (const Net::Tensor& tensor : net.tensors()) {
    const std::size_t point = tensor.name.rfind('.');
    values.push_back({fmt::format("{}/{}", tensor.name.substr(point + 1), tensor.name.substr(0, point)),
                      event_histogram(tensor.values)});
  }
  if (!example.empty()) {
    for (const LayerMaps& layer : layer_maps(net, example)) {
      if (layer.filters.empty()) continue;
      values.push_back({"filters/" + layer.name, filters_image(layer)});
      values.push_back({"maps/" + layer.name, maps_image(layer.after)});
      break;
    }
  }
  return event_file(wall_time, result.epoch, values);
}

}  // namespace halfwave
