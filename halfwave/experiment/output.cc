#include <fmt/format.h>

#include <cmath>

#include "halfwave/base/random.h"
#include "halfwave/base/table.h"
#include "halfwave/experiment/claims.h"
#include "halfwave/experiment/figure.h"
#include "halfwave/report/line_chart.h"
#include "halfwave/train/adapt.h"

namespace halfwave::experiment {
namespace {

// y of either sign, a smooth function of four numbers with a little noise.
std::string make_table() {
  std::string csv = "a,b,c,d,y\n";
  RandomStream random(1, RandomPurpose::test);
  for (int row = 0; row < 2000; ++row) {
    double x[4];
    for (double& value : x) value = random.normal();
    const double y = std::sin(2 * x[0]) + x[1] * x[2] + 0.5 * x[3] + 0.1 * random.normal();
    csv += fmt::format("{:.5f},{:.5f},{:.5f},{:.5f},{:.5f}\n", x[0], x[1], x[2], x[3], y);
  }
  return csv;
}

ExperimentPlan plan_output(const Dataset& data, bool full) {
  ExperimentPlan result;
  const std::pair<const char*, const char*> outputs[] = {{"linear output", ""},
                                                         {"relu output", ", \"relu\""}};
  for (const auto& [name, end] : outputs) {
    NetSpec net = parse_net(
        fmt::format("name = \"regression\"\ninput = [1, 1, 4]\nlayers = [ {{ linear = 64 }}, \"relu\", "
                    "{{ linear = 64 }}, \"relu\", {{ linear = 1 }}{} ]\nloss = \"mean_squared_error\"\n",
                    end),
        "experiment");
    net.input = data.shape();
    result.contestants.push_back({name, std::move(net)});
  }
  result.options.setup.train = {
      .epochs = full ? 200 : 30, .batch = 32, .optimiser = OptimiserKind::adamw, .rate = 0.003};
  return result;
}

Outcome judge_output(const Comparison& comparison, const Dataset&) {
  Table table({"net", "test R2", "training loss"});
  table.align_right({1, 2});
  LineChart chart{.title = "A regression with and without ReLU on its output",
                  .x_label = "epoch",
                  .series = {},
                  .panels = {{.label = "test R2"}}};
  std::vector<Figures> qualities;
  for (const Compared& compared : comparison.contestants) {
    qualities.push_back(
        figures(compared, [](const ComparedRun& run) { return run.history.back().test_accuracy; }));
    const Figures losses =
        figures(compared, [](const ComparedRun& run) { return run.history.back().train_loss; });
    table.add({compared.name, text(qualities.back(), "{:.3f}"), text(losses, "{:.4f}")});
    chart.series.push_back(compared.name);
    auto& line = chart.panels[0].lines.emplace_back();
    for (const EpochResult& result : compared.runs[0].history)
      line.push_back({static_cast<double>(result.epoch), result.test_accuracy});
  }
  return {.holds = all(qualities[0], [](double r2) { return r2 >= 0.9; }) &&
                   all(qualities[1], [](double r2) { return r2 <= 0.6; }),
          .verdict = fmt::format(
              "the linear output explains {:.1f} % of the variance, the one with relu {:.1f} %: it cannot "
              "give what is below 0",
              100 * mean(qualities[0]), 100 * mean(qualities[1])),
          .table = table.text(),
          .svg = line_chart_svg(chart)};
}

}  // namespace

const Experiment output{
    .name = "output",
    .claim = "ReLU belongs into hidden layers, not on the output of a regression",
    .source = "Goodfellow, Bengio and Courville 2016, Deep learning, sections 6.2.2 and 6.3",
    .setup =
        "a table of 2,000 rows with targets of either sign; two hidden layers of 64 relu units, with a "
        "linear output "
        "and with relu on it. Below zero lies half of the targets' variance, so that relu cannot explain "
        "more than "
        "about the other half. It holds if in all seeds the linear output explains at least 90 % of the "
        "test's "
        "variance, and relu at most 60 %",
    .plan = plan_output,
    .judge = judge_output,
    .table = make_table};

}  // namespace halfwave::experiment
