// Activations as text: two panels of braille characters side by side.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "halfwave/report/axis.h"
#include "halfwave/report/plot_panel.h"

namespace halfwave {
namespace {

using Lines = std::vector<std::string>;

constexpr std::size_t narrowest = 60;
constexpr std::size_t widest = 140;
constexpr std::size_t panel_gap = 3;

char letter(std::size_t curve) { return static_cast<char>('a' + curve); }

// Characters of one panel; each has 2 x 4 braille dots, or one letter.
class Canvas {
 public:
  Canvas(const PlotPanel& panel, int columns, int rows)
      : panel_(panel), columns_(columns), rows_(rows), cells_(index(0, rows)) {
    for (const PlotCurve& curve : panel.curves) {
      for (const PlotLine& line : curve) draw(line);
    }
    if (panel.curves.size() == 1) return;
    for (std::size_t i = 0; i < panel.curves.size(); ++i) write_letters(i);
  }

  int column(double x) const { return static_cast<int>(dot_x(x)) / 2; }
  int row(double y) const { return static_cast<int>(dot_y(y)) / 4; }

  std::string line(int row) const {
    std::string text;
    for (int c = 0; c < columns_; ++c) {
      const Cell& cell = cells_[index(c, row)];
      if (cell.letter != 0) {
        text += cell.letter;
      } else if (cell.dots != 0) {
        // U+2800 and the dots, in UTF-8.
        text +=
            {'\xE2', static_cast<char>(0xA0 | cell.dots >> 6), static_cast<char>(0x80 | (cell.dots & 0x3F))};
      } else {
        text += zero_line(c, row);
      }
    }
    return text;
  }

 private:
  struct Cell {
    std::uint8_t dots = 0;
    char letter = 0;
  };

  std::size_t index(int column, int row) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) +
           static_cast<std::size_t>(column);
  }

  double dot_x(double x) const {
    return std::round((x - panel_.x.low) / (panel_.x.high - panel_.x.low) * (2 * columns_ - 1));
  }
  // What is far outside is moved nearer; it is not drawn.
  double dot_y(double y) const {
    const double share = (panel_.high - y) / (panel_.high - panel_.low);
    return std::round(std::clamp(share, -1.0, 2.0) * (4 * rows_ - 1));
  }

  void draw(const PlotLine& line) {
    for (std::size_t i = 1; i < line.size(); ++i) {
      const double x = dot_x(line[i - 1].x);
      const double y = dot_y(line[i - 1].y);
      const double dx = dot_x(line[i].x) - x;
      const double dy = dot_y(line[i].y) - y;
      const int steps = static_cast<int>(std::max({std::abs(dx), std::abs(dy), 1.0}));
      for (int step = 0; step <= steps; ++step) {
        set(static_cast<int>(std::lround(x + dx * step / steps)),
            static_cast<int>(std::lround(y + dy * step / steps)));
      }
    }
  }

  void set(int x, int y) {
    if (y < 0 || y >= 4 * rows_) return;
    constexpr std::uint8_t dots[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    cells_[index(x / 2, y / 4)].dots |= dots[y % 4][x % 2];
  }

  // Again and again along the curve, never in a column where another curve has its letter.
  void write_letters(std::size_t curve) {
    const int count = static_cast<int>(panel_.curves.size());
    const int period = std::max(10, 3 * count);
    for (int c = 1 + static_cast<int>(curve) * period / count; c < columns_; c += period) {
      const PlotPoint* nearest = nullptr;
      const double x = panel_.x.low + (c + 0.5) / columns_ * (panel_.x.high - panel_.x.low);
      for (const PlotLine& line : panel_.curves[curve]) {
        for (const PlotPoint& point : line) {
          if (nearest == nullptr || std::abs(point.x - x) < std::abs(nearest->x - x)) nearest = &point;
        }
      }
      if (nearest->y < panel_.low || nearest->y > panel_.high) continue;
      cells_[index(c, row(nearest->y))].letter = letter(curve);
    }
  }

  const char* zero_line(int c, int r) const {
    const bool on_x = panel_.low <= 0 && panel_.high >= 0 && r == row(0);
    const bool on_y = panel_.x.low <= 0 && panel_.x.high >= 0 && c == column(0);
    if (on_x && on_y) return "┼";
    if (on_x) return "┄";
    return on_y ? "┊" : " ";
  }

  const PlotPanel& panel_;
  int columns_;
  int rows_;
  std::vector<Cell> cells_;
};

// All lines have `width` columns.
Lines drawn(const PlotPanel& panel, std::string_view title, std::size_t width, int rows) {
  const std::vector<Tick> y_ticks = ticks(panel.low, panel.high, rows / 3.0);
  std::size_t margin = 0;
  for (const Tick& tick : y_ticks) margin = std::max(margin, tick.label.size());
  const int columns = static_cast<int>(width - margin - 2);
  const Canvas canvas(panel, columns, rows);
  Lines lines{fmt::format("{:{}}  {:{}}", "", margin, title, columns)};
  for (int r = 0; r < rows; ++r) {
    std::string label;
    for (const Tick& tick : y_ticks) {
      if (canvas.row(tick.value) == r) label = tick.label;
    }
    lines.push_back(fmt::format("{:>{}} {}{}", label, margin, label.empty() ? "│" : "┤", canvas.line(r)));
  }
  std::string labels;
  std::vector<const char*> axis(static_cast<std::size_t>(columns), "─");
  for (const Tick& tick : ticks(panel.x.low, panel.x.high, columns / 8.0)) {
    const auto at = static_cast<std::size_t>(canvas.column(tick.value));
    axis[at] = "┬";
    // In the middle under the mark, as far as there is room on both sides.
    const std::size_t size = tick.label.size();
    const std::size_t begin = std::min(std::max(margin + 2 + at, size / 2) - size / 2, width - size);
    if (begin > labels.size() || labels.empty())
      labels += std::string(begin - labels.size(), ' ') + tick.label;
  }
  lines.push_back(fmt::format("{:{}} └{}", "", margin, fmt::join(axis, "")));
  lines.push_back(fmt::format("{:{}}", labels, width));
  return lines;
}

std::string legend(std::span<const Activation> activations, std::size_t width) {
  if (activations.size() == 1) return activations.front().text() + "\n";
  std::string text;
  std::size_t used = 0;
  for (std::size_t i = 0; i < activations.size(); ++i) {
    const std::string entry = fmt::format("{} {}", letter(i), activations[i].text());
    const bool fits = used + 3 + entry.size() <= width;
    if (i > 0) text += fits ? "   " : "\n";
    used = entry.size() + (fits && i > 0 ? used + 3 : 0);
    text += entry;
  }
  return text + "\n";
}

}  // namespace

std::string activation_plot_text(std::span<const Activation> activations, PlotRange range,
                                 std::size_t width) {
  width = std::clamp(width, narrowest, widest);
  const std::size_t panel_width = (width - panel_gap) / 2;
  const int rows = std::clamp(static_cast<int>(panel_width) / 3, 10, 18);
  const PlotPanels panels = plot_panels(activations, range);
  const Lines function = drawn(panels.function, "f(x)", panel_width, rows);
  const Lines derivative = drawn(panels.derivative, "f'(x)", panel_width, rows);
  std::string text = legend(activations, width) + "\n";
  for (std::size_t i = 0; i < function.size(); ++i) {
    std::string line = function[i] + std::string(panel_gap, ' ') + derivative[i];
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace halfwave
