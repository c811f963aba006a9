// How far long work is, on standard error: one line that changes on a terminal, elsewhere a line a minute.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace halfwave::tool {

class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Ten times a second at most: title [#####.....] 42 % note. done is a share from 0 to 1.
  // above(): on a terminal, lines that stand above the bar and change with it.
  void show(const std::string& title, double done, const std::string& note,
            const std::function<std::string()>& above = {});
  // Takes the line away, so that others can print.
  void clear();

 private:
  std::string taken_away() const;  // what takes the last drawing away

  bool terminal_;
  bool drawn_ = false;
  std::size_t lines_ = 0;  // above the bar
  double next_;            // time of the next line
};

}  // namespace halfwave::tool
