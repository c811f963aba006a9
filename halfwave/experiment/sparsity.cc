#include <fmt/format.h>

#include "halfwave/base/table.h"
#include "halfwave/experiment/claims.h"
#include "halfwave/experiment/figure.h"
#include "halfwave/net/built_in.h"
#include "halfwave/report/line_chart.h"

namespace halfwave::experiment {
namespace {

ExperimentPlan plan_sparsity(const Dataset& data, bool full) {
  ExperimentPlan result;
  for (const char* const activation : {"relu", "leaky_relu", "tanh", "sigmoid"})
    result.contestants.push_back(contestant(load_net("lenet5"), activation, data));
  result.options.setup.train = {.epochs = full ? 10 : 3, .rate = 0.02};
  return result;
}

Outcome judge_sparsity(const Comparison& comparison, const Dataset&) {
  Table table({"activation", "layer", "share of zeros at the end"});
  table.align_right({2});
  std::vector<Figures> shares;
  for (const Compared& compared : comparison.contestants) {
    shares.push_back(figures(compared, zero_share));
    for (std::size_t i = 0; i < compared.runs[0].inspection.layers.size(); ++i) {
      const LayerHealth& layer = compared.runs[0].inspection.layers[i];
      if (layer.activation == "linear") continue;
      const Figures values = figures(
          compared, [i](const ComparedRun& run) { return run.inspection.layers[i].zero_share * 100; });
      table.add({compared.name, layer.name, text(values, "{:.1f} %")});
    }
  }
  // While training; behind a max-pool of what it leaves.
  const ComparedRun& run = comparison.contestants[0].runs[0];
  LineChart chart{
      .title = "Zeros while training with relu",
      .x_label = "epoch",
      .series = {},
      .panels = {{.label = "share of zeros (behind a max-pool: of what it leaves)", .percent = true}}};
  for (const EpochResult& result : run.history) {
    for (std::size_t i = 0; i + 1 < result.health.layers.size(); ++i) {
      if (i == chart.series.size()) {
        chart.series.push_back(result.health.layers[i].name);
        chart.panels[0].lines.emplace_back();
      }
      chart.panels[0].lines[i].push_back(
          {static_cast<double>(result.epoch), result.health.layers[i].zero_share});
    }
  }
  bool others_dense = true;
  for (std::size_t i = 1; i < shares.size(); ++i)
    others_dense = others_dense && all(shares[i], [](double share) { return share < 0.01; });
  const bool sparse = all(shares[0], [](double share) { return share >= 0.5; });
  return {
      .holds = sparse && others_dense,
      .verdict = fmt::format(
          "with relu {:.0f} % of all hidden values are exactly 0 after training; with leaky_relu {:.1f} %, "
          "tanh {:.1f} %, sigmoid {:.1f} %",
          100 * mean(shares[0]), 100 * mean(shares[1]), 100 * mean(shares[2]), 100 * mean(shares[3])),
      .table = table.text(),
      .svg = line_chart_svg(chart)};
}

}  // namespace

const Experiment sparsity{
    .name = "sparsity",
    .claim =
        "ReLU makes about half of all hidden values exactly 0, and more while it learns; smooth activations "
        "make none",
    .source = "Glorot, Bordes and Bengio 2011, Deep sparse rectifier neural networks, section 3.1",
    .setup =
        "lenet5 with relu, leaky_relu, tanh and sigmoid; the share of zeros by layer on test images, and "
        "while "
        "training. It holds if in all seeds at least 50 % of the values are 0 with relu (mean over layers), "
        "and less "
        "than 1 % with the others",
    .plan = plan_sparsity,
    .judge = judge_sparsity};

}  // namespace halfwave::experiment
