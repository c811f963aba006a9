// A comparison as tables, files and a picture.
#pragma once

#include <string>
#include <vector>

#include "halfwave/base/table.h"
#include "halfwave/inspect/comparison.h"
#include "halfwave/report/line_chart.h"

namespace halfwave {

// Where each stands, a row a contestant: of unfinished comparisons too. For a fixed-width font.
std::string standings_text(const Comparison& comparison);

// What came of a finished one: the ranking with its goal, the health of units and speed, gradients by layer.
struct NotedTable {
  Table table;
  std::string note;  // what its columns mean; may be empty
};
std::vector<NotedTable> comparison_tables(const Comparison& comparison, const Goal& goal);
// What of the ranking is more than chance, in a sentence.
std::string comparison_verdict(const Comparison& comparison);
// The runs that failed, and why: a line each.
std::string failures_text(const Comparison& comparison);

// All of these.
std::string comparison_text(const Comparison& comparison, const Goal& goal);

// A test accuracy (R2) that half of the contestants reach, in whole per cent.
Goal usual_goal(const Comparison& comparison);
// "test accuracy of 88 %", "training loss of 0.3".
std::string goal_text(const Goal& goal, bool regression);

// "contestant,seed,epoch,train_loss,train_accuracy,test_loss,test_accuracy,rate,seconds" and a line an epoch
// of each run.
std::string comparison_epochs_csv(const Comparison& comparison);
// A row a run, with what comparison_text() tells as means: of the net after its last epoch, of training up to
// the goal, of speed; then its gradients by layer. Nothing where a run failed or did not reach the goal.
std::string comparison_runs_csv(const Comparison& comparison, const Goal& goal);

// Training loss and test accuracy by epoch, means over the seeds with a band from the lowest to the highest.
// SVG.
LineChart comparison_chart(const Comparison& comparison, const std::string& title);
std::string comparison_svg(const Comparison& comparison, const std::string& title);

}  // namespace halfwave
