#include <fmt/format.h>
#include <gtest/gtest.h>
#include <regex.h>

#include <set>

#include "halfwave/report/plot.h"

namespace halfwave {
namespace {

std::string svg_of(std::initializer_list<const char*> texts, PlotRange range = {}) {
  std::vector<Activation> all;
  for (const char* text : texts) all.push_back(Activation::parse(text));
  return activation_plot_svg(all, range);
}

// All that the pattern's first group finds.
std::vector<std::string> found(const std::string& text, const std::string& pattern) {
  regex_t expression;  // of POSIX: that of the C++ library needs more stack than there is for long lines
  if (::regcomp(&expression, pattern.c_str(), REG_EXTENDED) != 0) return {"wrong pattern"};
  std::vector<std::string> result;
  regmatch_t match[2];
  for (const char* at = text.c_str(); ::regexec(&expression, at, 2, match, 0) == 0; at += match[0].rm_eo)
    result.emplace_back(at + match[1].rm_so, at + match[1].rm_eo);
  ::regfree(&expression);
  return result;
}

TEST(PlotSvg, DrawsEveryEntryWithAllItNeeds) {
  for (const ActivationInfo* info : activations()) {
    SCOPED_TRACE(info->name);
    const Activation activation = Activation::parse(info->name);
    const std::string svg = activation_plot_svg(std::span(&activation, 1), {});
    EXPECT_EQ(svg.rfind("<svg xmlns=\"http://www.w3.org/2000/svg\" ", 0), 0U);
    EXPECT_EQ(svg.substr(svg.size() - 7), "</svg>\n");
    EXPECT_NE(svg.find(fmt::format(">{} and its derivative<", info->name)), std::string::npos);
    EXPECT_NE(svg.find(fmt::format(">{}<", info->name)), std::string::npos) << "the legend";
    for (const char* part : {">f(x)<", ">f\u2032(x)<", ">x<", ">-4<", ">4<"})
      EXPECT_NE(svg.find(part), std::string::npos) << part;
    EXPECT_GE(found(svg, "(<polyline )").size(), 2U);
    EXPECT_EQ(found(svg, "points=\"([-0-9., ]+)\"").size(), found(svg, "(points=)").size())
        << "numbers alone";
    // Each tag is closed: by itself or by another one.
    const std::size_t opened = found(svg, "(<[a-zA-Z])").size();
    EXPECT_EQ(opened, found(svg, "(/>)").size() + found(svg, "(</)").size());
  }
}

TEST(PlotSvg, CurvesDifferInColourAndDashes) {
  const std::string svg = svg_of({"relu", "tanh", "elu", "selu", "gelu", "silu", "mish", "square"});
  EXPECT_NE(svg.find(">Activation functions and their derivatives<"), std::string::npos);
  for (const char* what : {"colour", "dashes"}) {
    const bool colour = std::string(what) == "colour";
    const std::vector<std::string> all = found(
        svg, colour ? "fill=\"none\" stroke=\"([^\"]*)\" stroke-width" : "stroke-dasharray=\"([^\"]*)\"");
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 8U) << what;
  }
}

TEST(PlotSvg, AJumpIsNotDrawnAsALine) {
  const std::vector<std::string> lines = found(svg_of({"step"}), "points=\"([^\"]*) \"");
  ASSERT_EQ(lines.size(), 3U);  // two of the function, one of its slope
  for (const std::string& line : lines) {
    const std::vector<std::string> heights = found(line, ",([0-9.]+)");
    EXPECT_EQ(std::set<std::string>(heights.begin(), heights.end()).size(), 1U);
  }
  EXPECT_NE(found(lines[0], ",([0-9.]+)").front(), found(lines[1], ",([0-9.]+)").front());
}

TEST(PlotSvg, WhatLeavesThePanelIsClipped) {
  const std::string svg = svg_of({"leaky_relu:slope=1e6", "tanh"});
  EXPECT_NE(svg.find("clip-path=\"url(#function)\""), std::string::npos);
  EXPECT_NE(svg.find("<clipPath id=\"derivative\">"), std::string::npos);
  for (const std::string& height : found(svg, "[0-9],(-?[0-9.]+) ")) {
    EXPECT_LT(std::abs(std::stod(height)), 5000) << "no coordinates that a program cannot draw";
  }
}

}  // namespace
}  // namespace halfwave
