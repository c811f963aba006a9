#include <fmt/format.h>

#include "halfwave/base/table.h"
#include "halfwave/experiment/claims.h"
#include "halfwave/experiment/figure.h"
#include "halfwave/net/built_in.h"
#include "halfwave/report/bar_chart.h"

namespace halfwave::experiment {
namespace {

ExperimentPlan plan_cost(const Dataset& data, bool full) {
  ExperimentPlan result;
  for (const char* const activation : {"relu", "sigmoid", "tanh"})
    result.contestants.push_back(contestant(load_net(full ? "mnist-example" : "lenet5"), activation, data));
  result.options.setup.train = {.epochs = 2, .rate = 0.02};
  return result;
}

// Seconds of the last epoch: in the first one memory is touched for the first time.
double seconds(const ComparedRun& run) { return run.history.back().seconds; }

Outcome judge_cost(const Comparison& comparison, const Dataset& data) {
  const double images = static_cast<double>(data.size());
  Table table({"activation", "us an image, training", "forward", "backward"});
  table.align_right({1, 2, 3});
  BarChart chart{.title = "What an image costs in training",
                 .series = {"forward", "backward"},
                 .panels = {{.title = "microseconds", .rows = {}}}};
  std::vector<Figures> times;
  for (const Compared& compared : comparison.contestants) {
    times.push_back(figures(compared, [&](const ComparedRun& run) { return seconds(run) / images * 1e6; }));
    table.add({compared.name, text(times.back(), "{:.2f}"),
               fmt::format("{:.2f}", compared.time.forward * 1e6),
               fmt::format("{:.2f}", compared.time.backward * 1e6)});
    chart.panels[0].rows.push_back(
        {.name = compared.name, .values = {compared.time.forward * 1e6, compared.time.backward * 1e6}});
  }
  const PassTime& relu = comparison.contestants[0].time;
  bool holds = true;
  for (std::size_t i = 1; i < times.size(); ++i) {
    const PassTime& other = comparison.contestants[i].time;
    holds = holds && relu.forward < other.forward && relu.backward < other.backward;
    for (std::size_t seed = 0; seed < times[i].size(); ++seed)
      holds = holds && times[0][seed] < times[i][seed];
  }
  const auto factors = [&](std::size_t i) {
    const PassTime& other = comparison.contestants[i].time;
    return fmt::format("{:.2f} times as long (forward {:.2f}, backward {:.2f})",
                       mean(times[i]) / mean(times[0]), other.forward / relu.forward,
                       other.backward / relu.backward);
  };
  return {.holds = holds,
          .verdict = fmt::format("training takes {} with sigmoid, and {} with tanh, as with relu", factors(1),
                                 factors(2)),
          .table = table.text(),
          .svg = bar_chart_svg(chart)};
}

}  // namespace

const Experiment cost{.name = "cost",
                      .claim = "ReLU is cheaper than sigmoid and tanh, forward and backward",
                      .source =
                          "Glorot, Bordes and Bengio 2011, Deep sparse rectifier neural networks, section "
                          "3.1; Krizhevsky, Sutskever "
                          "and Hinton 2012, section 3.1",
                      .setup =
                          "lenet5 (--full: mnist-example) with each, one rate for all; seconds of the second "
                          "epoch's training, and of "
                          "forward and backward by themselves. Here ReLU also saves what its zeros make "
                          "unnecessary. It holds if with "
                          "relu the epoch is the shortest in all seeds (of three: by chance 1 in 27), and so "
                          "are forward and backward",
                      .plan = plan_cost,
                      .judge = judge_cost};

}  // namespace halfwave::experiment
