#include "halfwave/net/summary.h"

#include <fmt/format.h>

#include "halfwave/base/table.h"

namespace halfwave {
namespace {

std::string options_text(const Layer& layer) {
  LayerSpec spec{layer.type(), layer.options(), {}, {}};
  std::string text = spec.type;
  for (const auto& [key, value] : spec.options) {
    std::string shown;
    if (const auto* number = std::get_if<std::int64_t>(&value)) shown = fmt::format("{}", *number);
    if (const auto* real = std::get_if<double>(&value)) shown = fmt::format("{}", *real);
    if (const auto* flag = std::get_if<bool>(&value)) shown = *flag ? "true" : "false";
    if (const auto* sizes = std::get_if<std::vector<std::int64_t>>(&value))
      shown = fmt::format("{}", fmt::join(*sizes, "x"));
    text += key == spec.type ? " " + shown : fmt::format(" {}={}", key, shown);
  }
  return text;
}

}  // namespace

std::string summary(const Net& net) {
  Table table({"layer", "type", "output", "parameters", "multiply-adds", "memory", "start"});
  table.align_right({3, 4, 5});
  std::size_t memory = 0;
  table.add(
      {"input", "", to_string(net.input()), "", "", bytes_text(net.input().size() * sizeof(float)), ""});
  for (std::size_t i = 0; i < net.nodes().size(); ++i) {
    const Net::Node& node = net.nodes()[i];
    std::size_t own = 0;
    bool random = false;
    for (const Parameter& parameter : node.layer->parameters()) {
      own += parameter.trained ? parameter.size() : 0;
      random = random || parameter.start == Parameter::Start::random;
    }
    const std::size_t bytes = node.shape.size() * sizeof(float);
    table.add({node.name, options_text(*node.layer), to_string(node.shape), own > 0 ? count_text(own) : "",
               node.layer->multiply_adds() > 0
                   ? count_text(static_cast<std::size_t>(node.layer->multiply_adds()))
                   : "",
               bytes_text(bytes), random ? std::string(to_string(net.start_of(i))) : ""});
    memory += bytes;
  }
  table.add_rule();
  table.add({"sum", "", "", count_text(net.parameter_count()),
             count_text(static_cast<std::size_t>(net.multiply_adds())), bytes_text(memory), ""});
  return table.text();
}

}  // namespace halfwave
