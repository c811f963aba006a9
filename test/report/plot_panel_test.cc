// The sampled curves: true to the catalogue, broken at jumps alone, and the part of the y axis shown.
#include "halfwave/report/plot_panel.h"

#include <gtest/gtest.h>

#include <cmath>

namespace halfwave {
namespace {

PlotPanels panels_of(std::initializer_list<const char*> texts, PlotRange range = {}) {
  std::vector<Activation> all;
  for (const char* text : texts) all.push_back(Activation::parse(text));
  return plot_panels(all, range);
}

TEST(PlotPanel, HoldsTheFunctionAndItsDerivativeOfEveryEntry) {
  for (const ActivationInfo* info : activations()) {
    SCOPED_TRACE(info->name);
    const Activation activation = Activation::parse(info->name);
    const PlotPanels panels = plot_panels(std::span(&activation, 1), {-7, 3});
    for (const PlotPanel* panel : {&panels.function, &panels.derivative}) {
      ASSERT_EQ(panel->curves.size(), 1U);
      double last = -7;
      std::size_t count = 0;
      for (const PlotLine& line : panel->curves[0]) {
        for (const PlotPoint& point : line) {
          EXPECT_GE(point.x, last);
          EXPECT_LT(point.x - last, 0.021);
          last = point.x;
          ++count;
          const bool function = panel == &panels.function;
          EXPECT_EQ(point.y, function ? activation.value(point.x) : activation.slope(point.x));
          EXPECT_LT(panel->low, point.y);
          EXPECT_GT(panel->high, point.y);
        }
      }
      EXPECT_EQ(panel->curves[0].front().front().x, -7);
      EXPECT_EQ(last, 3);
      EXPECT_GE(count, 500U);
      EXPECT_LT(panel->low, 0);
      EXPECT_GT(panel->high, 0);
    }
  }
}

TEST(PlotPanel, BreaksCurvesWhereTheyJump) {
  const auto lines = [](const char* text, PlotRange range) {
    const PlotPanels panels = panels_of({text}, range);
    return std::pair(panels.function.curves[0].size(), panels.derivative.curves[0].size());
  };
  using Counts = std::pair<std::size_t, std::size_t>;
  EXPECT_EQ(lines("tanh", {}), Counts(1, 1));
  EXPECT_EQ(lines("relu", {}), Counts(1, 2));
  EXPECT_EQ(lines("step", {}), Counts(2, 1));
  EXPECT_EQ(lines("hard_sigmoid", {}), Counts(1, 3));
  EXPECT_EQ(lines("hard_shrink", {}), Counts(3, 3));
  EXPECT_EQ(lines("hard_shrink", {-5, 0.5}), Counts(2, 2));
  EXPECT_EQ(lines("relu", {0, 5}), Counts(1, 1));
  EXPECT_EQ(lines("relu", {-5, 0}), Counts(1, 1));
  const PlotCurve step = panels_of({"step"}).function.curves[0];
  EXPECT_EQ(step[0].back().y, 0);
  EXPECT_EQ(step[1].front().y, 1);
  EXPECT_NEAR(step[0].back().x, step[1].front().x, 1e-300);
}

TEST(PlotPanel, CutsACurveFarSteeperThanTheOthers) {
  const PlotPanels alone = panels_of({"square"});
  EXPECT_GT(alone.function.high, 25);
  EXPECT_GT(alone.derivative.high, 10);
  const PlotPanels together = panels_of({"square", "gaussian"});
  EXPECT_GT(together.function.high, 5);
  EXPECT_LT(together.function.high, 6);
  EXPECT_GT(together.derivative.high, 2);
  EXPECT_LT(together.derivative.high, 3);
  EXPECT_LT(together.derivative.low, -2);
  EXPECT_GT(together.derivative.low, -3);
}

TEST(PlotPanel, ShowsSomethingOfACurveThatIsZero) {
  const PlotPanel derivative = panels_of({"step"}).derivative;
  EXPECT_LT(derivative.low, 0);
  EXPECT_GT(derivative.high, 1);
}

}  // namespace
}  // namespace halfwave
