#include "halfwave/tool/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string_view>

#include "halfwave/base/clock.h"
#include "halfwave/tool/terminal.h"

namespace halfwave::tool {
namespace {

bool usable_terminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && kind != nullptr && std::string_view(kind) != "dumb";
}

constexpr double plain_interval = 60;
constexpr double terminal_interval = 0.1;

}  // namespace

ProgressBar::ProgressBar()
    : terminal_(usable_terminal()), next_(seconds_now() + (terminal_ ? 0 : plain_interval)) {}

std::string ProgressBar::taken_away() const {
  return lines_ == 0 ? "\r\x1b[K" : fmt::format("\r\x1b[{}A\x1b[J", lines_);
}

void ProgressBar::show(const std::string& title, double done, const std::string& note,
                       const std::function<std::string()>& above) {
  const double now = seconds_now();
  if (now < next_) return;
  next_ = now + (terminal_ ? terminal_interval : plain_interval);
  std::string line = fmt::format("{} {:3.0f} %  {}", title, done * 100, note);
  if (!terminal_) {
    fmt::print(stderr, "{}\n", line);
    return;
  }
  drawn_ = true;
  // On a narrow terminal the bar gives way to what is written.
  const std::size_t width = terminal_width(STDERR_FILENO) - 1;
  constexpr std::size_t most_cells = 20;
  constexpr std::size_t fewest_cells = 4;
  const std::size_t space = width > line.size() + 3 ? width - line.size() - 3 : 0;
  if (const std::size_t cells = std::min(space, most_cells); cells >= fewest_cells) {
    const auto full = static_cast<std::size_t>(std::clamp(done, 0.0, 1.0) * static_cast<double>(cells));
    line.insert(title.size(), fmt::format(" [{}{}]", std::string(full, '#'), std::string(cells - full, '.')));
  }
  line.resize(std::min(line.size(), width));
  std::string drawing = taken_away();
  lines_ = 0;
  if (above) {
    const std::size_t most = terminal_height(STDERR_FILENO) - 1;
    std::istringstream lines(above());
    for (std::string each; lines_ < most && std::getline(lines, each); ++lines_)
      drawing += each.substr(0, width) + "\n";
  }
  fmt::print(stderr, "{}{}", drawing, line);
  std::fflush(stderr);
}

void ProgressBar::clear() {
  if (!drawn_) return;
  fmt::print(stderr, "{}", taken_away());
  std::fflush(stderr);
  drawn_ = false;
  lines_ = 0;
  next_ = 0;
}

}  // namespace halfwave::tool
