#include "halfwave/report/health_report.h"

#include <fmt/format.h>

#include <cmath>

namespace halfwave {
namespace {

std::string count_or_dot(std::size_t count) { return count == 0 ? "." : fmt::format("{}", count); }

}  // namespace

Table health_table(const Inspection& inspection, const Thresholds& thresholds) {
  Table table({"layer", "activation", "units", "zeros", "dead", "dormant", "saturated", "mean", "deviation",
               "off centre"});
  table.align_right({2, 3, 4, 5, 6, 7, 8, 9});
  for (const LayerHealth& layer : inspection.layers) {
    double mean = 0;
    for (const UnitHealth& unit : layer.units) mean += unit.mean / static_cast<double>(layer.units.size());
    table.add({layer.name, layer.activation, fmt::format("{}", layer.units.size()),
               fmt::format("{:.1f} %", layer.zero_share * 100),
               count_or_dot(dead_units(layer, thresholds).size()),
               count_or_dot(dormant_units(layer, thresholds).size()),
               layer.saturates ? count_or_dot(saturated_units(layer, thresholds).size()) : "",
               fmt::format("{:.3g}", mean), fmt::format("{:.3g}", std::sqrt(layer.variance)),
               fmt::format("{:+.2f}", layer.off_centre)});
  }
  return table;
}

Table gradient_table(const Inspection& inspection) {
  Table table({"weights of", "mean |gradient|", "norm", "zeros", "update by weight"});
  table.align_right({1, 2, 3, 4});
  for (const LayerGradient& layer : inspection.gradients) {
    table.add({layer.name, fmt::format("{:.2e}", layer.mean_magnitude), fmt::format("{:.2e}", layer.norm),
               fmt::format("{:.1f} %", layer.zero_share * 100),
               layer.update_ratio ? fmt::format("{:.1e}", *layer.update_ratio) : ""});
  }
  return table;
}

std::string certainty_text(const Finding& finding) {
  if (finding.images == 0) return "by the table of epochs";
  return finding.grade == Grade::on_samples
             ? fmt::format("on {} images", count_text(static_cast<std::size_t>(finding.images)))
             : std::string(to_string(finding.grade));
}

std::string findings_text(std::size_t count) {
  return fmt::format("{} finding{}", count, count == 1 ? "" : "s");
}

}  // namespace halfwave
