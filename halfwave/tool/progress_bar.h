// How far long work is, on standard error: one line that changes on a terminal, elsewhere a line a minute.
#pragma once

#include <string>

namespace halfwave::tool {

class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Ten times a second at most: title [#####.....] 42 % note. done is a share from 0 to 1.
  void show(const std::string& title, double done, const std::string& note);
  // Takes the line away, so that others can print.
  void clear();

 private:
  bool terminal_;
  bool drawn_ = false;
  double next_;  // time of the next line
};

}  // namespace halfwave::tool
