#include <fmt/format.h>

#include "halfwave/base/table.h"
#include "halfwave/experiment/claims.h"
#include "halfwave/experiment/figure.h"
#include "halfwave/net/built_in.h"
#include "halfwave/report/line_chart.h"

namespace halfwave::experiment {
namespace {

ExperimentPlan plan_dying(const Dataset& data, bool full) {
  ExperimentPlan result;
  for (const char* const activation : {"relu", "leaky_relu", "prelu", "elu", "maxout"})
    result.contestants.push_back(contestant(load_net("mlp"), activation, data));
  // Too high for all: what would not die would overflow, were the gradient not clipped.
  result.options.setup.train = {
      .epochs = full ? 10 : 3, .rate = 0.5, .clip_norm = 1, .schedule = ScheduleKind::constant};
  return result;
}

Outcome judge_dying(const Comparison& comparison, const Dataset&) {
  Table table({"activation", "dead units", "of", "test accuracy"});
  table.align_right({1, 2, 3});
  LineChart chart{.title = "Dead units while training with too high a rate",
                  .x_label = "epoch",
                  .series = {},
                  .panels = {{.label = "dead units, all layers"}}};
  std::vector<Figures> counts;
  for (const Compared& compared : comparison.contestants) {
    counts.push_back(figures(compared, dead));
    const Figures accuracy =
        figures(compared, [](const ComparedRun& run) { return run.history.back().test_accuracy * 100; });
    table.add({compared.name, text(counts.back(), "{:.0f}"),
               fmt::format("{:.0f}", mean(figures(compared, units))), text(accuracy, "{:.1f} %")});
    chart.series.push_back(compared.name);
    auto& line = chart.panels[0].lines.emplace_back();
    for (const EpochResult& result : compared.runs[0].history) {
      double sum = 0;
      for (const LayerWatch& layer : result.health.layers) sum += static_cast<double>(layer.dead);
      line.push_back({static_cast<double>(result.epoch), sum});
    }
  }
  bool others_live = true;
  for (std::size_t i = 1; i < counts.size(); ++i)
    others_live = others_live && all(counts[i], [](double count) { return count == 0; });
  const double all_units = mean(figures(comparison.contestants[0], units));
  const bool dies = all(counts[0], [&](double count) { return count >= 0.1 * all_units; });
  return {
      .holds = dies && others_live,
      .verdict = fmt::format(
          "{:.0f} of {:.0f} units are dead with relu ({:.0f} %); with leaky_relu, prelu, elu and maxout {}",
          mean(counts[0]), all_units, 100 * mean(counts[0]) / all_units,
          others_live ? "none" : "some are, too"),
      .table = table.text(),
      .svg = line_chart_svg(chart)};
}

}  // namespace

const Experiment dying{
    .name = "dying",
    .claim =
        "a high learning rate kills ReLU units for good; units of Leaky ReLU, PReLU, ELU and Maxout live on",
    .source =
        "Maas, Hannun and Ng 2013; He et al. 2015 (PReLU); Stanford's CS231n, Neural networks part 1 (\"as "
        "much as "
        "40 % of your network can be dead\")",
    .setup =
        "mlp with each, SGD at a constant rate of 0.5, ten times the usual one, gradients clipped to norm 1; "
        "units that "
        "are active on fewer than 1 % of test images. It holds if in all seeds a tenth of the units or more "
        "are dead "
        "with relu and none with the others",
    .plan = plan_dying,
    .judge = judge_dying};

}  // namespace halfwave::experiment
