#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "halfwave/report/plot.h"

namespace halfwave {
namespace {

std::string text_of(std::initializer_list<const char*> texts, std::size_t width, PlotRange range = {}) {
  std::vector<Activation> all;
  for (const char* text : texts) all.push_back(Activation::parse(text));
  return activation_plot_text(all, range, width);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

long characters(const std::string& line) {
  return std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

TEST(PlotText, DrawsTwoPanelsSideBySide) {
  EXPECT_EQ(text_of({"step"}, 60), R"(step

     f(x)                           f'(x)
1.0 ┤           ⠐⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒   1.0 ┤           ┊
    │           ┊                  │           ┊
    │           ┊                  │           ┊
    │           ┊                  │           ┊
    │           ┊                  │           ┊
0.5 ┤           ┊              0.5 ┤           ┊
    │           ┊                  │           ┊
    │           ┊                  │           ┊
    │           ┊                  │           ┊
0.0 ┤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤┄┄┄┄┄┄┄┄┄┄┄   0.0 ┤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤
    └┬──────────┬──────────┬       └┬──────────┬──────────┬
    -5          0          5       -5          0          5
)");
}

TEST(PlotText, FitsTheTerminal) {
  for (const ActivationInfo* info : activations()) {
    SCOPED_TRACE(info->name);
    const Activation activation = Activation::parse(info->name);
    for (const std::size_t width : {60U, 80U, 101U, 140U}) {
      const std::vector<std::string> lines =
          lines_of(activation_plot_text(std::span(&activation, 1), {-30.5, 7}, width));
      EXPECT_EQ(lines[0], info->name);
      for (const std::string& line : lines) EXPECT_LE(characters(line), static_cast<long>(width)) << line;
    }
  }
  EXPECT_EQ(text_of({"relu"}, 1), text_of({"relu"}, 60));
  EXPECT_EQ(text_of({"relu"}, 1000), text_of({"relu"}, 140));
  EXPECT_GT(lines_of(text_of({"relu"}, 140)).size(), lines_of(text_of({"relu"}, 60)).size());
}

TEST(PlotText, WideLabelsStayUnderTheirMarks) {
  const std::vector<std::string> lines = lines_of(text_of({"relu6"}, 80, {99999.98, 99999.99}));
  EXPECT_EQ(lines.back().rfind("99999.980 ", 0), 0U) << lines.back();
}

TEST(PlotText, SeveralCurvesCarryLetters) {
  const std::vector<std::string> lines = lines_of(text_of({"relu", "leaky_relu:slope=0.1", "tanh"}, 80));
  EXPECT_EQ(lines[0], "a relu   b leaky_relu:slope=0.1   c tanh");
  std::string drawing;
  for (std::size_t i = 3; i + 2 < lines.size(); ++i) drawing += lines[i];
  for (const char letter : {'a', 'b', 'c'}) EXPECT_GE(std::count(drawing.begin(), drawing.end(), letter), 4);
  EXPECT_EQ(drawing.find('d'), std::string::npos);
  EXPECT_EQ(text_of({"tanh"}, 80).find_first_of("abc", 5), std::string::npos);
}

TEST(PlotText, WrapsALongLegend) {
  const std::vector<std::string> lines =
      lines_of(text_of({"relu", "hard_tanh:minimum=-2.125,maximum=2.125", "elu:alpha=0.5", "abs"}, 60));
  EXPECT_EQ(lines[0], "a relu   b hard_tanh:minimum=-2.125,maximum=2.125");
  EXPECT_EQ(lines[1], "c elu:alpha=0.5   d abs");
  EXPECT_EQ(lines[2], "");
}

}  // namespace
}  // namespace halfwave
