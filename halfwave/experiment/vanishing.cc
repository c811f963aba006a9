#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "halfwave/base/table.h"
#include "halfwave/experiment/claims.h"
#include "halfwave/experiment/figure.h"
#include "halfwave/report/line_chart.h"

namespace halfwave::experiment {
namespace {

ExperimentPlan plan_vanishing(const Dataset& data, bool full) {
  std::string net = "name = \"deep\"\ninput = [28, 28, 1]\nlayers = [\n";
  for (int i = 0; i < 20; ++i) net += "  { linear = 64 }, \"activation\",\n";
  net += "  { linear = 10 },\n]\n";
  ExperimentPlan result;
  for (const char* const activation : {"sigmoid", "tanh", "relu"})
    result.contestants.push_back(contestant(parse_net(net, "vanishing"), activation, data));
  result.options.setup.train = {.epochs = full ? 10 : 2, .rate = 0.01};
  return result;
}

using Gradients = std::vector<LayerGradient>;

// The factor from one hidden layer back to the one before it, geometric mean over the hidden layers of one
// width: without the first, whose inputs are pixels, and the last.
double factor(const Gradients& gradients) {
  const std::size_t last = gradients.size() - 2;
  return std::pow(gradients[1].norm / gradients[last].norm, 1.0 / static_cast<double>(last - 1));
}

Outcome judge_vanishing(const Comparison& comparison, const Dataset&) {
  Table table({"activation", "", "factor a layer back", "first by last layer"});
  table.align_right({2, 3});
  LineChart chart{.title = "20 hidden layers: where the gradient dies",
                  .x_label = "layer",
                  .series = {},
                  .panels = {{.label = "log10 of the gradient's norm at the start"},
                             {.label = "log10 of the gradient's norm after the last epoch"}}};
  std::vector<Figures> starts;
  for (const Compared& compared : comparison.contestants) {
    chart.series.push_back(compared.name);
    const std::pair<const char*, const Gradients& (*)(const ComparedRun&)> times[] = {
        {"at the start", [](const ComparedRun& run) -> const Gradients& { return run.start_gradients; }},
        {"trained", [](const ComparedRun& run) -> const Gradients& { return run.inspection.gradients; }}};
    for (std::size_t i = 0; i < 2; ++i) {
      const char* const name = times[i].first;
      const auto gradients = times[i].second;
      const Figures factors =
          figures(compared, [&](const ComparedRun& run) { return factor(gradients(run)); });
      const Figures ratios = figures(compared, [&](const ComparedRun& run) {
        return gradients(run).front().norm / gradients(run).back().norm;
      });
      if (i == 0) starts.push_back(factors);
      table.add({compared.name, name, text(factors, "{:.3f}"), text(ratios, "{:.2g}")});
      std::vector<std::vector<double>> curves;
      for (const ComparedRun& run : compared.runs) {
        auto& curve = curves.emplace_back();
        // A gradient of exactly 0 has no logarithm; the chart leaves it out.
        for (const LayerGradient& layer : gradients(run)) curve.push_back(std::log10(layer.norm));
      }
      chart.panels[i].lines.push_back(mean_line(curves));
    }
  }
  const bool vanishes = all(starts[0], [](double f) { return f <= 0.3; });
  const bool arrives =
      all(starts[1], [](double f) { return f >= 0.7; }) && all(starts[2], [](double f) { return f >= 0.7; });
  return {.holds = vanishes && arrives,
          .verdict = fmt::format(
              "at the start a gradient that goes back one layer is multiplied by {:.2f} with sigmoid "
              "(theory: at most 0.25 times the weights), {:.2f} with tanh, {:.2f} with relu",
              mean(starts[0]), mean(starts[1]), mean(starts[2])),
          .table = table.text(),
          .svg = line_chart_svg(chart)};
}

}  // namespace

const Experiment vanishing{
    .name = "vanishing",
    .claim =
        "gradients vanish in deep nets of sigmoids, whose slope is at most 1/4, and far less with tanh and "
        "ReLU",
    .source =
        "Hochreiter 1991; Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward "
        "neural networks; Glorot, Bordes and Bengio 2011, section 3",
    .setup =
        "20 linear layers of 64 units with sigmoid, tanh and relu, each started by its usual rule; the "
        "gradient of "
        "each layer at the start and after training. It holds if at the start, in all seeds, the factor from "
        "a "
        "layer to the one before is at most 0.3 with sigmoid, and at least 0.7 with the others",
    .plan = plan_vanishing,
    .judge = judge_vanishing};

}  // namespace halfwave::experiment
