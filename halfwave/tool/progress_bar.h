// One line on a terminal that shows how far long work is; nothing elsewhere.
#pragma once

#include <chrono>
#include <string>

namespace halfwave::tool {

class ProgressBar {
 public:
  // Shows itself on standard error if that is a terminal.
  ProgressBar();
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // At most ten times a second: title [#####.....] 42 % note. done is a share from 0 to 1.
  void show(const std::string& title, double done, const std::string& note);
  // Takes the line away, so that others can print.
  void clear();
  bool visible() const { return terminal_; }

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point last_{};
};

}  // namespace halfwave::tool
