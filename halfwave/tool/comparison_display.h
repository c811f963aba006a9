// What is shown while nets are compared: a line for each run that is done, and on a terminal a bar below the
// table as it grows.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "halfwave/base/clock.h"
#include "halfwave/inspect/comparison.h"
#include "halfwave/tool/progress_bar.h"

namespace halfwave::tool {

class ComparisonDisplay {
 public:
  // Returns whether to go on: no Ctrl-C.
  bool show(const ComparisonProgress& progress);
  // The runs that are done and have not been told of; takes the bar away where there are any.
  void tell(const Comparison& comparison);
  void clear() { bar_.clear(); }

 private:
  ProgressBar bar_;
  std::set<std::string> told_;
  double start_ = seconds_now();
  std::optional<std::pair<double, double>> begun_;  // share done and seconds, when training began
};

}  // namespace halfwave::tool
