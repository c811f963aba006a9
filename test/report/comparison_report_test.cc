// A comparison as tables: made by hand here, so that what they should say is known.
#include "halfwave/report/comparison_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace halfwave {
namespace {

ComparedRun run(std::uint64_t seed, double first, double last) {
  ComparedRun result{.seed = seed};
  result.history.push_back({.epoch = 1, .train_loss = 0.5, .test_accuracy = first, .seconds = 2});
  result.history.push_back({.epoch = 2, .train_loss = 0.25, .test_accuracy = last, .seconds = 3});
  result.inspection.layers = {{.name = "conv1", .kind = "conv", .activation = "relu", .can_rest = true}};
  result.inspection.layers[0].units = {UnitHealth{.active_share = 1}, UnitHealth{.active_share = 0}};
  result.inspection.layers[0].zero_share = 0.6;
  result.inspection.layers[0].off_centre = 0.5;
  result.inspection.gradients = {{.name = "conv1", .norm = 1}, {.name = "linear1", .norm = 4}};
  return result;
}

Comparison sample() {
  Comparison comparison{.epochs = 2, .finished = true};
  comparison.contestants.resize(3);
  comparison.contestants[0] = {.name = "tanh", .parameters = 1000, .rate = {.best = 0.5}};
  comparison.contestants[1] = {.name = "relu, as usual", .parameters = 2000, .rate = {.best = 0.05}};
  comparison.contestants[2] = {.name = "step", .parameters = 3000, .rate = {.best = 0.1}};
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const double luck = 0.001 * static_cast<double>(seed);
    comparison.contestants[0].runs.push_back(run(seed, 0.6 + luck, 0.7 - luck));
    comparison.contestants[1].runs.push_back(run(seed, seed == 2 ? 0.6 : 0.8, 0.9 + luck));
    comparison.contestants[2].runs.push_back(run(seed, 0.1, 0.3));
  }
  comparison.contestants[2].runs[1].failure = "the loss went away";
  comparison.contestants[1].time = {.forward = 2e-6, .backward = 5e-6};
  return comparison;
}

// The line of the text that begins with this.
std::string line_of(const std::string& text, const std::string& part) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(part) != std::string::npos) return line;
  }
  return "nothing";
}

void expect_parts(const std::string& line, std::initializer_list<const char*> parts) {
  std::size_t from = 0;
  for (const char* part : parts) {
    const std::size_t at = line.find(part, from);
    EXPECT_NE(at, std::string::npos) << part << " in " << line;
    if (at != std::string::npos) from = at;
  }
}

TEST(ComparisonReport, RanksAndSaysWhatIsMoreThanChance) {
  const std::string text = comparison_text(sample(), {.level = 0.75});
  expect_parts(line_of(text, "1  relu, as usual  0.05"),
               {"90.20 %", "0.10 %", "0.2500", "1.3", "3.0 s", "2.50 s"});
  expect_parts(line_of(text, "2  tanh"), {"0.5", "69.80 %", "0.10 %", "never", "never"});
  expect_parts(line_of(text, "3  step"), {"30.00 %", "1 of 3 failed", "never"});
  EXPECT_NE(text.find("goal: test accuracy of 75 %"), std::string::npos);
  EXPECT_NE(text.find("relu, as usual is best: its lead over every other one is more than chance (3 seeds)."),
            std::string::npos);
  EXPECT_NE(text.find("step, seed 2: the loss went away"), std::string::npos);
}

TEST(ComparisonReport, TellsUnitsAndGradients) {
  const std::string text = comparison_text(sample(), {.level = 0.75});
  expect_parts(line_of(text, "relu, as usual  60.0 %"),
               {"1.0", "0.0", "2", "0.50", "0.25", "2.00 us", "5.00 us", "2,000"});
  expect_parts(line_of(text, "conv1"), {"1", "1", "1"});
  expect_parts(line_of(text, "linear1"), {"4", "4", "4"});
}

TEST(ComparisonReport, ClaimsNothingFromOneSeedOrLikeResults) {
  Comparison comparison = sample();
  for (Compared& compared : comparison.contestants) compared.runs.resize(1);
  EXPECT_NE(comparison_text(comparison, {}).find("One seed says nothing of chance"), std::string::npos);
  comparison = sample();
  comparison.contestants.pop_back();
  comparison.contestants[1].runs = comparison.contestants[0].runs;
  EXPECT_NE(comparison_text(comparison, {}).find("Nothing beats tanh or relu, as usual by more than chance"),
            std::string::npos);
}

TEST(ComparisonReport, TheUsualGoalIsOneThatHalfReach) {
  EXPECT_DOUBLE_EQ(usual_goal(sample()).level, 0.69);
  EXPECT_EQ(goal_text(usual_goal(sample()), false), "test accuracy of 69 %");
  EXPECT_EQ(goal_text({.figure = &EpochResult::train_loss, .level = 0.3, .at_least = false}, false),
            "training loss of 0.3");
}

TEST(ComparisonReport, TheGoalIsReachedAtTheEndOfAnEpoch) {
  const ComparedRun one = run(1, 0.6, 0.7);
  EXPECT_EQ(reached(one, {.level = 0.6})->epoch, 1);
  EXPECT_EQ(reached(one, {.level = 0.61})->epoch, 2);
  EXPECT_EQ(reached(one, {.level = 0.61})->seconds, 5);
  EXPECT_FALSE(reached(one, {.level = 0.71}));
  EXPECT_EQ(reached(one, {.figure = &EpochResult::train_loss, .level = 0.4, .at_least = false})->epoch, 2);
}

TEST(ComparisonReport, TablesHaveAsManyCellsInEachLine) {
  const auto expect_even = [](const std::string& csv, std::size_t rows) {
    std::istringstream lines(csv);
    std::string line;
    std::getline(lines, line);
    const auto cells = std::count(line.begin(), line.end(), ',');
    std::size_t count = 0;
    for (; std::getline(lines, line); ++count) {
      const bool quoted = line.find("\"relu, as usual\"") != std::string::npos;
      EXPECT_EQ(std::count(line.begin(), line.end(), ','), cells + (quoted ? 1 : 0)) << line;
    }
    EXPECT_EQ(count, rows);
  };
  expect_even(comparison_epochs_csv(sample()), 18);
  expect_even(comparison_runs_csv(sample(), {.level = 0.75}), 9);
  expect_parts(line_of(comparison_runs_csv(sample(), {.level = 0.75}), "usual\",2"),
               {",2,0.05,0.25,0.902,2,5,2.5,0.6,1,0,2,0.5,0.25,2,5,2000,1,4"});
}

TEST(ComparisonReport, StandingsGrowAsItGoesOn) {
  Comparison comparison = sample();
  comparison.finished = false;
  comparison.contestants[0].runs[2].history.pop_back();
  comparison.contestants[1].runs.clear();
  const std::string text = standings_text(comparison);
  expect_parts(line_of(text, "tanh"), {"0.5", " 2 ", " 1 ", "67"});
  EXPECT_EQ(line_of(text, "relu").find('%'), std::string::npos);
}

TEST(ComparisonReport, DrawsMeansAndTheirSpread) {
  Comparison comparison = sample();
  comparison.contestants[0].runs.clear();
  const std::string svg = comparison_svg(comparison, "lenet5 on x");
  for (const char* part :
       {"lenet5 on x", ">tanh<", ">relu, as usual<", ">step<", "<polygon", ">test accuracy<"})
    EXPECT_NE(svg.find(part), std::string::npos) << part;
}

}  // namespace
}  // namespace halfwave
