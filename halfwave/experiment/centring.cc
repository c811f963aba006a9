#include <fmt/format.h>

#include "halfwave/base/table.h"
#include "halfwave/experiment/claims.h"
#include "halfwave/experiment/figure.h"
#include "halfwave/net/built_in.h"
#include "halfwave/report/bar_chart.h"

namespace halfwave::experiment {
namespace {

ExperimentPlan plan_centring(const Dataset& data, bool full) {
  ExperimentPlan result;
  for (const char* const activation : {"sigmoid", "relu", "tanh", "elu"})
    result.contestants.push_back(contestant(load_net("mlp"), activation, data));
  result.options.setup.train = {.epochs = full ? 10 : 3};
  return result;
}

Outcome judge_centring(const Comparison& comparison, const Dataset&) {
  Table table({"activation", "off centre", "rate", "training loss at the end"});
  table.align_right({1, 2, 3});
  BarChart chart{.title = "How far hidden values are from zero-centred",
                 .series = {"|mean| by root mean square"},
                 .panels = {{.title = "0: centred, 1: all of one sign and size", .rows = {}}}};
  std::vector<Figures> centres;
  for (const Compared& compared : comparison.contestants) {
    centres.push_back(figures(compared, off_centre));
    const Figures losses =
        figures(compared, [](const ComparedRun& run) { return run.history.back().train_loss; });
    table.add({compared.name, text(centres.back(), "{:.2f}"), fmt::format("{:.3g}", compared.rate.best),
               text(losses, "{:.4f}")});
    chart.panels[0].rows.push_back({.name = compared.name, .values = {mean(centres.back())}});
  }
  const bool sigmoid = larger(centres[0], centres[2]);
  const bool relu = larger(centres[1], centres[2]);
  return {.holds = sigmoid && relu,
          .verdict = fmt::format(
              "off centre by {:.2f} with sigmoid, {:.2f} with relu, {:.2f} with tanh, {:.2f} with elu",
              mean(centres[0]), mean(centres[1]), mean(centres[2]), mean(centres[3])),
          .table = table.text(),
          .svg = bar_chart_svg(chart)};
}

}  // namespace

const Experiment centring{
    .name = "centring",
    .claim = "what sigmoid and ReLU give is not centred around zero, what tanh gives nearly is",
    .source =
        "LeCun, Bottou, Orr and Mueller 1998, Efficient BackProp, sections 4.3 and 4.4; Clevert, Unterthiner "
        "and "
        "Hochreiter 2016, section 2 (ELU)",
    .setup =
        "mlp with each, a rate searched for each; the mean of hidden values by their root mean square, mean "
        "over "
        "layers, on test images. It holds if sigmoid and relu are further from 0 than tanh by more than "
        "chance",
    .plan = plan_centring,
    .judge = judge_centring};

}  // namespace halfwave::experiment
