#include "halfwave/report/curve.h"

#include <fmt/format.h>

#include <iterator>

#include "halfwave/base/table.h"
#include "halfwave/report/line_chart.h"

namespace halfwave {
namespace {

std::vector<LinePoint> line(std::span<const EpochResult> history, double EpochResult::*value) {
  std::vector<LinePoint> points;
  for (const EpochResult& result : history)
    points.push_back({static_cast<double>(result.epoch), result.*value});
  return points;
}

}  // namespace

std::string learning_curve_svg(std::span<const EpochResult> history, const std::string& title,
                               bool regression) {
  return line_chart_svg({.title = title,
                         .x_label = "epoch",
                         .series = {"training", "test"},
                         .panels = {{.label = "loss",
                                     .lines = {line(history, &EpochResult::train_loss),
                                               line(history, &EpochResult::test_loss)}},
                                    {.label = regression ? "R2" : "accuracy",
                                     .percent = !regression,
                                     .lines = {line(history, &EpochResult::train_accuracy),
                                               line(history, &EpochResult::test_accuracy)}}}});
}

std::string results_csv(std::span<const EpochResult> history) {
  std::string csv = "epoch,train_loss,train_accuracy,test_loss,test_accuracy,rate,seconds";
  const auto out = std::back_inserter(csv);
  EpochHealth none;  // as many as are watched, without a value
  for (const EpochResult& r : history) {
    if (!r.health.layers.empty()) none = r.health;
  }
  for (const LayerWatch& layer : none.layers) {
    for (const char* figure : {".zeros", ".dead", ".dying", ".saturated", ".revived"})
      fmt::format_to(out, ",{}", csv_cell(layer.name + figure));
  }
  for (const GradientWatch& layer : none.gradients)
    fmt::format_to(out, ",{}", csv_cell(layer.name + ".gradient"));
  csv += '\n';
  for (const EpochResult& r : history) {
    fmt::format_to(out, "{},{:.6f},{:.6f},{:.6f},{:.6f},{:.6g},{:.3f}", r.epoch, r.train_loss,
                   r.train_accuracy, r.test_loss, r.test_accuracy, r.rate, r.seconds);
    for (const LayerWatch& layer : r.health.layers) {
      fmt::format_to(out, ",{:.6f},{},{},{},{}", layer.zero_share, layer.dead, layer.dying, layer.saturated,
                     layer.revived);
    }
    for (const GradientWatch& layer : r.health.gradients) fmt::format_to(out, ",{:.6g}", layer.norm);
    if (r.health.layers.empty()) csv.append(5 * none.layers.size() + none.gradients.size(), ',');
    csv += '\n';
  }
  return csv;
}

}  // namespace halfwave
