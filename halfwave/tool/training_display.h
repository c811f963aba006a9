// What `halfwave train` shows: what is trained and how, the table of epochs, a row as each ends, and the bar
// below it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "halfwave/base/clock.h"
#include "halfwave/inspect/finding.h"
#include "halfwave/tool/progress_bar.h"
#include "halfwave/train/trainer.h"

namespace halfwave::tool {

// Net, data and recipe, in a few lines; the net's warnings go to standard error.
void describe_training(const Net& net, const DataPair& data, const TrainOptions& options);

class TrainingDisplay {
 public:
  // regression: R2 is told in place of accuracy.
  explicit TrainingDisplay(bool regression) : regression_(regression) {}

  void head() const;
  void epoch(const EpochResult& result, std::size_t images);
  void step(const Progress& progress);
  // What is wrong with the units at present: those faults that are new are told, a line each, the first one
  // is shown beside the bar.
  void faults(std::uint64_t epoch, const std::vector<Finding>& found);
  // What TrainOptions::revive did at the end of an epoch.
  static void revived(const EpochHealth& health);
  void test(std::uint64_t epoch, std::size_t images, std::size_t all);
  void clear() { bar_.clear(); }

 private:
  std::string quality_text(double value) const;

  bool regression_;
  ProgressBar bar_;
  std::set<std::string> told_;  // rule and layer
  std::string fault_;           // for the bar
  double start_ = seconds_now();
  std::int64_t images_ = 0;
  std::int64_t steps_ = 0;
};

}  // namespace halfwave::tool
