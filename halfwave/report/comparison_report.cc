#include "halfwave/report/comparison_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "halfwave/base/table.h"
#include "halfwave/inspect/finding.h"
#include "halfwave/report/line_chart.h"

namespace halfwave {
namespace {

// Of what the runs that did not fail say.
struct Spread {
  std::vector<double> values;

  explicit operator bool() const { return !values.empty(); }
  double mean() const {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  }
};

// figure(run) gives a std::optional<double>.
template <class Figure>
Spread spread(const Compared& compared, Figure&& figure) {
  Spread result;
  for (const ComparedRun& run : compared.runs) {
    if (!run.failure.empty() || run.history.empty()) continue;
    if (const std::optional<double> value = figure(run)) result.values.push_back(*value);
  }
  return result;
}

template <class Figure>
std::string mean_text(const Compared& compared, const char* format, Figure&& figure) {
  const Spread found = spread(compared, figure);
  return found ? fmt::format(fmt::runtime(format), found.mean()) : "";
}

std::string quality_text(double value, bool regression) {
  return regression ? fmt::format("{:.4f}", value) : fmt::format("{:.2f} %", value * 100);
}

// Of an inspected run: over its layers with an activation, or with a choice of its own.
struct Units {
  double zero_share = 0;  // mean over layers
  double off_centre = 0;  // mean size over layers
  std::size_t dead = 0, saturated = 0, all = 0;
};

std::optional<Units> units_of(const ComparedRun& run) {
  Units result;
  double layers = 0;
  for (const LayerHealth& layer : run.inspection.layers) {
    if (layer.activation == "linear") continue;
    ++layers;
    result.zero_share += layer.zero_share;
    result.off_centre += std::abs(layer.off_centre);
    result.dead += dead_units(layer, {}).size();
    result.saturated += layer.saturates ? saturated_units(layer, {}).size() : 0;
    result.all += layer.units.size();
  }
  if (layers == 0) return {};
  result.zero_share /= layers;
  result.off_centre /= layers;
  return result;
}

template <class Member>
auto of_units(Member member) {
  return [member](const ComparedRun& run) -> std::optional<double> {
    const std::optional<Units> units = units_of(run);
    return units ? std::optional<double>(static_cast<double>((*units).*member)) : std::nullopt;
  };
}

std::optional<double> gradient_ratio(const ComparedRun& run) { return run.inspection.gradient_ratio(); }
std::optional<double> last_loss(const ComparedRun& run) { return run.history.back().train_loss; }
std::optional<double> last_quality(const ComparedRun& run) { return run.history.back().test_accuracy; }

std::optional<double> epoch_seconds(const ComparedRun& run) {
  double seconds = 0;
  for (const EpochResult& result : run.history) seconds += result.seconds;
  return seconds / static_cast<double>(run.history.size());
}

auto epochs_to(const Goal& goal) {
  return [goal](const ComparedRun& run) -> std::optional<double> {
    const std::optional<Reached> found = reached(run, goal);
    return found ? std::optional<double>(static_cast<double>(found->epoch)) : std::nullopt;
  };
}

auto seconds_to(const Goal& goal) {
  return [goal](const ComparedRun& run) -> std::optional<double> {
    const std::optional<Reached> found = reached(run, goal);
    return found ? std::optional<double>(found->seconds) : std::nullopt;
  };
}

std::size_t failures(const Compared& compared) {
  return static_cast<std::size_t>(std::count_if(compared.runs.begin(), compared.runs.end(),
                                                [](const ComparedRun& run) { return !run.failure.empty(); }));
}

// "2.3", with "(2 of 3)" where not all got there.
std::string reached_text(const Compared& compared, const Goal& goal, bool seconds) {
  const Spread found = seconds ? spread(compared, seconds_to(goal)) : spread(compared, epochs_to(goal));
  if (!found) return "never";
  std::string text = seconds ? fmt::format("{:.1f} s", found.mean()) : fmt::format("{:.1f}", found.mean());
  if (found.values.size() < compared.runs.size())
    text += fmt::format(" ({} of {})", found.values.size(), compared.runs.size());
  return text;
}

NotedTable ranking_table(const Comparison& comparison, std::span<const Ranked> ranking, const Goal& goal) {
  const std::string quality = comparison.regression ? "test R2" : "test accuracy";
  const std::string short_goal = goal_text(goal, comparison.regression);
  Table table({"place", "contestant", "rate", quality, "spread", "train loss", "epochs to goal",
               "time to goal", "time an epoch"});
  table.align_right({0, 2, 3, 4, 5, 6, 7, 8});
  for (const Ranked& ranked : ranking) {
    const Compared& compared = comparison.contestants[ranked.contestant];
    const std::size_t failed = failures(compared);
    const bool any = failed < compared.runs.size();
    table.add({fmt::format("{}", ranked.place), compared.name, fmt::format("{:.3g}", compared.rate.best),
               any ? quality_text(ranked.mean, comparison.regression) : "",
               failed > 0 ? fmt::format("{} of {} failed", failed, compared.runs.size())
                          : quality_text(ranked.deviation, comparison.regression),
               mean_text(compared, "{:.4f}", last_loss), any ? reached_text(compared, goal, false) : "",
               any ? reached_text(compared, goal, true) : "",
               mean_text(compared, "{:.2f} s", epoch_seconds)});
  }
  return {std::move(table), fmt::format("goal: {}; spread: standard deviation over seeds", short_goal)};
}

NotedTable units_table(const Comparison& comparison, std::span<const Ranked> ranking) {
  Table table({"contestant", "zeros", "dead", "saturated", "units", "off centre", "gradient first/last",
               "forward", "backward", "parameters"});
  table.align_right({1, 2, 3, 4, 5, 6, 7, 8, 9});
  for (const Ranked& ranked : ranking) {
    const Compared& compared = comparison.contestants[ranked.contestant];
    const bool timed = compared.time.forward > 0;
    table.add({compared.name,
               mean_text(compared, "{:.1f} %",
                         [](const ComparedRun& run) -> std::optional<double> {
                           const std::optional<Units> units = units_of(run);
                           return units ? std::optional<double>(units->zero_share * 100) : std::nullopt;
                         }),
               mean_text(compared, "{:.1f}", of_units(&Units::dead)),
               mean_text(compared, "{:.1f}", of_units(&Units::saturated)),
               mean_text(compared, "{:.0f}", of_units(&Units::all)),
               mean_text(compared, "{:.2f}", of_units(&Units::off_centre)),
               mean_text(compared, "{:.3g}", gradient_ratio),
               timed ? fmt::format("{:.2f} us", compared.time.forward * 1e6) : "",
               timed ? fmt::format("{:.2f} us", compared.time.backward * 1e6) : "",
               count_text(compared.parameters)});
  }
  return {std::move(table), {}};
}

// The first run that did not fail.
const ComparedRun* sound_run(const Compared& compared) {
  for (const ComparedRun& run : compared.runs) {
    if (run.failure.empty() && !run.inspection.gradients.empty()) return &run;
  }
  return nullptr;
}

// Of the layers that all have; empty where they differ.
std::vector<std::string> common_layers(const Comparison& comparison) {
  std::vector<std::string> names;
  bool first = true;
  for (const Compared& compared : comparison.contestants) {
    const ComparedRun* run = sound_run(compared);
    if (run == nullptr) continue;
    std::vector<std::string> mine;
    for (const LayerGradient& layer : run->inspection.gradients) mine.push_back(layer.name);
    if (!first && mine != names) return {};
    names = std::move(mine);
    first = false;
  }
  return names;
}

std::optional<NotedTable> gradients_of_layers(const Comparison& comparison, std::span<const Ranked> ranking) {
  const std::vector<std::string> layers = common_layers(comparison);
  if (layers.size() < 2) return {};
  std::vector<std::string> head{"gradient"};
  for (const Ranked& ranked : ranking) head.push_back(comparison.contestants[ranked.contestant].name);
  Table table(head);
  for (std::size_t i = 1; i < head.size(); ++i) table.align_right({i});
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    std::vector<std::string> row{layers[layer]};
    for (const Ranked& ranked : ranking) {
      row.push_back(mean_text(comparison.contestants[ranked.contestant], "{:.3g}",
                              [layer](const ComparedRun& run) -> std::optional<double> {
                                if (run.inspection.gradients.empty()) return {};
                                return run.inspection.gradients[layer].norm;
                              }));
    }
    table.add(std::move(row));
  }
  return NotedTable{std::move(table), "norm of the gradient by a layer's weights, after the last epoch"};
}

std::vector<LinePoint> line(const Compared& compared, double EpochResult::*figure) {
  std::vector<std::vector<double>> runs;
  for (const ComparedRun& run : compared.runs) {
    auto& values = runs.emplace_back();
    for (const EpochResult& result : run.history) values.push_back(result.*figure);
  }
  return mean_line(runs);
}

}  // namespace

std::string standings_text(const Comparison& comparison) {
  Table table({"contestant", "rate", "runs", "epoch", "train loss",
               comparison.regression ? "test R2" : "test accuracy"});
  table.align_right({1, 2, 3, 4, 5});
  for (const Compared& compared : comparison.contestants) {
    const bool begun = !compared.runs.empty() && !compared.runs.back().history.empty();
    const auto whole = static_cast<std::size_t>(
        std::count_if(compared.runs.begin(), compared.runs.end(), [&](const ComparedRun& run) {
          return !run.failure.empty() || static_cast<std::int64_t>(run.history.size()) == comparison.epochs;
        }));
    table.add({compared.name, compared.rate.best > 0 ? fmt::format("{:.3g}", compared.rate.best) : "",
               fmt::format("{}", whole), begun ? fmt::format("{}", compared.runs.back().history.back().epoch) : "",
               begun ? mean_text(compared, "{:.4f}", last_loss) : "",
               begun ? [&] {
                 const Spread quality = spread(compared, last_quality);
                 return quality ? quality_text(quality.mean(), comparison.regression) : std::string("failed");
               }()
                     : ""});
  }
  return table.text();
}

std::string comparison_verdict(const Comparison& comparison) {
  const std::vector<Ranked> ranking = rank(comparison);
  const std::size_t seeds = comparison.contestants.front().runs.size();
  if (seeds < 2)
    return "One seed says nothing of chance: no ranking. More say which differences are real: --seeds 5";
  std::vector<std::string> first;
  for (const Ranked& ranked : ranking) {
    if (ranked.place == 1) first.push_back(comparison.contestants[ranked.contestant].name);
  }
  if (first.size() == 1 && ranking.size() > 1) {
    return fmt::format("{} is best: its lead over every other one is more than chance ({} seeds).", first[0],
                       seeds);
  }
  const std::string last = first.back();
  first.pop_back();
  return fmt::format(
      "Nothing beats {} or {} by more than chance ({} seeds; more would show smaller differences).",
      fmt::join(first, ", "), last, seeds);
}

std::vector<NotedTable> comparison_tables(const Comparison& comparison, const Goal& goal) {
  const std::vector<Ranked> ranking = rank(comparison);
  std::vector<NotedTable> tables{ranking_table(comparison, ranking, goal), units_table(comparison, ranking)};
  if (auto gradients = gradients_of_layers(comparison, ranking)) tables.push_back(std::move(*gradients));
  return tables;
}

std::string failures_text(const Comparison& comparison) {
  std::string text;
  for (const Compared& compared : comparison.contestants) {
    for (const ComparedRun& run : compared.runs) {
      if (!run.failure.empty())
        text += fmt::format("{}, seed {}: {}\n", compared.name, run.seed, run.failure);
    }
  }
  return text;
}

std::string comparison_text(const Comparison& comparison, const Goal& goal) {
  std::string text;
  for (const NotedTable& part : comparison_tables(comparison, goal)) {
    text += part.table.text();
    if (!part.note.empty()) text += part.note + "\n";
    text += "\n";
  }
  return text + comparison_verdict(comparison) + "\n" + failures_text(comparison);
}

Goal usual_goal(const Comparison& comparison) {
  std::vector<double> qualities;
  for (const Compared& compared : comparison.contestants) {
    if (const Spread found = spread(compared, last_quality)) qualities.push_back(found.mean());
  }
  if (qualities.empty()) return {};
  // Of an even number the lower one of the middle.
  const auto middle = qualities.begin() + static_cast<std::ptrdiff_t>((qualities.size() - 1) / 2);
  std::nth_element(qualities.begin(), middle, qualities.end());
  return {.level = std::floor(*middle * 100) / 100};
}

std::string goal_text(const Goal& goal, bool regression) {
  const bool test = goal.figure == &EpochResult::test_accuracy || goal.figure == &EpochResult::test_loss;
  const bool loss = goal.figure == &EpochResult::train_loss || goal.figure == &EpochResult::test_loss;
  return fmt::format(
      "{} {} of {}", test ? "test" : "training",
      loss         ? "loss"
      : regression ? "R2"
                   : "accuracy",
      loss || regression ? fmt::format("{:.4g}", goal.level) : fmt::format("{:.4g} %", goal.level * 100));
}

std::string comparison_epochs_csv(const Comparison& comparison) {
  std::string csv = "contestant,seed,epoch,train_loss,train_accuracy,test_loss,test_accuracy,rate,seconds\n";
  const auto out = std::back_inserter(csv);
  for (const Compared& compared : comparison.contestants) {
    for (const ComparedRun& run : compared.runs) {
      for (const EpochResult& r : run.history) {
        fmt::format_to(out, "{},{},{},{:.6f},{:.6f},{:.6f},{:.6f},{:.6g},{:.3f}\n", csv_cell(compared.name),
                       run.seed, r.epoch, r.train_loss, r.train_accuracy, r.test_loss, r.test_accuracy,
                       r.rate, r.seconds);
      }
    }
  }
  return csv;
}

std::string comparison_runs_csv(const Comparison& comparison, const Goal& goal) {
  const std::vector<std::string> layers = common_layers(comparison);
  std::string csv =
      "contestant,seed,rate,train_loss,test_accuracy,epochs_to_goal,seconds_to_goal,seconds_an_epoch,zero_"
      "share,"
      "dead,saturated,units,off_centre,gradient_first_by_last,forward_us,backward_us,parameters";
  for (const std::string& layer : layers) csv += fmt::format(",{}", csv_cell(layer + ".gradient"));
  csv += '\n';
  for (const Compared& compared : comparison.contestants) {
    for (const ComparedRun& run : compared.runs) {
      const bool good = run.failure.empty() && !run.history.empty();
      const auto cell = [&](const auto& figure) {
        const std::optional<double> value = good ? figure(run) : std::nullopt;
        csv += ',';
        if (value) csv += fmt::format("{:.6g}", *value);
      };
      csv += fmt::format("{},{},{:.6g}", csv_cell(compared.name), run.seed, compared.rate.best);
      cell(last_loss);
      cell(last_quality);
      cell(epochs_to(goal));
      cell(seconds_to(goal));
      cell(epoch_seconds);
      cell(of_units(&Units::zero_share));
      cell(of_units(&Units::dead));
      cell(of_units(&Units::saturated));
      cell(of_units(&Units::all));
      cell(of_units(&Units::off_centre));
      cell(gradient_ratio);
      cell([&](const ComparedRun&) -> std::optional<double> { return compared.time.forward * 1e6; });
      cell([&](const ComparedRun&) -> std::optional<double> { return compared.time.backward * 1e6; });
      csv += fmt::format(",{}", compared.parameters);
      for (std::size_t i = 0; i < layers.size(); ++i) {
        cell([&](const ComparedRun& each) -> std::optional<double> {
          if (each.inspection.gradients.empty()) return {};
          return each.inspection.gradients[i].norm;
        });
      }
      csv += '\n';
    }
  }
  return csv;
}

LineChart comparison_chart(const Comparison& comparison, const std::string& title) {
  LineChart chart{.title = title,
                  .x_label = "epoch",
                  .series = {},
                  .panels = {{.label = "training loss"},
                             {.label = comparison.regression ? "test R2" : "test accuracy",
                              .percent = !comparison.regression}}};
  for (const Compared& compared : comparison.contestants) {
    chart.series.push_back(compared.name);
    chart.panels[0].lines.push_back(line(compared, &EpochResult::train_loss));
    chart.panels[1].lines.push_back(line(compared, &EpochResult::test_accuracy));
  }
  return chart;
}

std::string comparison_svg(const Comparison& comparison, const std::string& title) {
  return line_chart_svg(comparison_chart(comparison, title));
}

}  // namespace halfwave
