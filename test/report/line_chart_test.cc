// Lines as a picture: all of them are there, where they should be, and no number is a bad one.
#include "halfwave/report/line_chart.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>

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
  std::smatch found;
  ASSERT_TRUE(
      std::regex_search(svg, found, std::regex("points=\"(\\S+),(\\S+) (\\S+),(\\S+) (\\S+),(\\S+) \"")));
  const auto number = [&](std::size_t i) { return std::stod(found[i]); };
  EXPECT_EQ(number(1), 70);
  EXPECT_EQ(number(3), 383);
  EXPECT_EQ(number(5), 696);
  EXPECT_EQ(number(2) - number(6), 230) << "the height of a panel";
  EXPECT_NEAR(number(4), (number(2) + number(6)) / 2, 0.1);
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
  const std::regex place("<text x=\"([0-9.]+)\" y=\"[0-9.]+\">a name");
  int lines = 0;
  for (auto at = std::sregex_iterator(svg.begin(), svg.end(), place); at != std::sregex_iterator(); ++at) {
    EXPECT_LT(std::stod((*at)[1]), 600);
    lines += std::stod((*at)[1]) < 110 ? 1 : 0;
  }
  EXPECT_GE(lines, 4);
}

}  // namespace
}  // namespace halfwave
