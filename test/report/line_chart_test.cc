// Lines as a picture: all of them are there, where they should be, and no number is a bad one.
#include "halfwave/report/line_chart.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

namespace halfwave {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(LineChart, DrawsEachLineInEachPanel) {
  const std::string svg = line_chart_svg(
      {.title = "a < b",
       .x_label = "epoch",
       .series = {"one", "two"},
       .panels = {
           {.label = "loss", .lines = {{{1, 2}, {2, 1}}, {{1, 3}, {2, 2, 1.5, 2.5}}}},
           {.label = "accuracy", .percent = true, .lines = {{{1, 0.5}, {2, 0.75}}, {{1, 0.25}, {2, 1}}}}}});
  EXPECT_EQ(count(svg, "<polyline"), 4U);
  EXPECT_EQ(count(svg, "<polygon"), 1U);
  EXPECT_EQ(count(svg, "<circle"), 8U);
  for (const char* part : {"a &lt; b", ">one<", ">two<", ">loss<", ">accuracy<", ">100 %<", ">epoch<"})
    EXPECT_NE(svg.find(part), std::string::npos) << part;
  EXPECT_EQ(svg.rfind("</svg>\n"), svg.size() - 7);
}

// The first line rises from (70, low) to (696, high); y grows downwards.
TEST(LineChart, PutsPointsWhereTheyBelong) {
  const std::string svg =
      line_chart_svg({.title = "t",
                      .x_label = "x",
                      .series = {"a"},
                      .panels = {{.label = "y", .lines = {{{0, 0}, {5, 50}, {10, 100}}}}}});
  std::istringstream points(svg.substr(svg.find("points=\"") + 8));
  std::vector<double> found(6);
  for (double& value : found) {
    points >> value;
    points.ignore(1);
  }
  EXPECT_EQ(found[0], 70);
  EXPECT_EQ(found[2], 383);
  EXPECT_EQ(found[4], 696);
  EXPECT_EQ(found[1] - found[5], 230) << "the height of a panel";
  EXPECT_NEAR(found[3], (found[1] + found[5]) / 2, 0.1);
}

TEST(LineChart, LeavesOutWhatIsNotFinite) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const std::string svg =
      line_chart_svg({.title = "t",
                      .x_label = "x",
                      .series = {"a", "b", "c"},
                      .panels = {{.label = "y", .lines = {{{1, nan}, {2, 5}, {3, infinite}}, {}, {{1, 7}}}},
                                 {.label = "none", .lines = {{{1, nan}}}}}});
  EXPECT_EQ(svg.find("nan"), std::string::npos) << svg;
  EXPECT_EQ(svg.find("inf"), std::string::npos) << svg;
  EXPECT_EQ(count(svg, "<circle"), 2U);
}

TEST(LineChart, ALongLegendTakesSeveralLines) {
  LineChart chart{.title = "t", .x_label = "x", .series = {}, .panels = {{.label = "y"}}};
  for (int i = 0; i < 12; ++i) {
    chart.series.push_back("a name of some length " + std::to_string(i));
    chart.panels[0].lines.push_back({{1, static_cast<double>(i)}});
  }
  const std::string svg = line_chart_svg(chart);
  int lines = 0;
  for (std::size_t at = svg.find(">a name"); at != std::string::npos; at = svg.find(">a name", at + 1)) {
    const double x = std::stod(svg.substr(svg.rfind("<text x=\"", at) + 9));
    EXPECT_LT(x, 600);
    lines += x < 110 ? 1 : 0;
  }
  EXPECT_GE(lines, 4);
}

}  // namespace
}  // namespace halfwave
