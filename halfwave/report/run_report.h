// All that can be told of a trained model, gathered for a page.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "halfwave/base/table.h"
#include "halfwave/data/image.h"
#include "halfwave/inspect/finding.h"
#include "halfwave/report/map_sheet.h"
#include "halfwave/train/evaluation.h"
#include "halfwave/train/trainer.h"

namespace halfwave {

// Pixels of the longer side of an example picture, at most.
inline constexpr std::int64_t example_side = 96;

// A class that is taken for another one.
struct Confusion {
  std::size_t truth = 0, taken_for = 0;
  std::int64_t count = 0;
  std::vector<Image> examples{};  // some of them, at most example_side; the surest first
};

struct RunReport {
  std::string name{};  // of the net
  std::string data{};  // their name
  // What was done, for who wants to do it again: the command, the config, versions, ... Each may have lines.
  std::vector<std::pair<std::string, std::string>> facts{};
  std::vector<EpochResult> history{};  // empty: unknown
  std::optional<Table> comparison{};   // a row a run of the comparison that it is part of
  std::size_t parameters = 0;
  std::int64_t multiply_adds = 0;
  ModelInfo info{};

  std::size_t all_images = 0;  // of the data; as many as evaluation.sum.images, or more
  Evaluation evaluation{};
  std::vector<Confusion> confusions{};  // the most frequent ones first
  Inspection inspection{};
  Thresholds thresholds{};
  std::vector<RuleSet> rules{};
  std::vector<Finding> findings{};
  Image
      example{};  // a picture, as the net takes it; without pixels for tables, and where none is named right
  std::string example_text{};
  std::vector<ShownLayer> maps{};  // of it
};

struct ReportOptions {
  std::vector<RuleSet> rules{RuleSet::sagemaker, RuleSet::autotrainer};
  Thresholds thresholds{};
  std::optional<TrainOptions> training{};  // see InspectOptions
  std::vector<EpochResult> history{};      // where it is known
  std::int64_t images = 0;  // at most, drawn from all; 0: as many as take seconds (multiply_adds)
  KernelChoice kernels = KernelChoice::automatic;
  std::function<bool(const char* doing, double done)> progress{};  // false: no more is looked at
  std::function<void(const std::string&)> on_skip{};               // as in EvaluationCallbacks
};

// Evaluates, inspects, and draws the first example that the net names right. facts and comparison are left to
// the caller. Error where data and net do not fit. Uses the pool of threads.
RunReport report_on(const Model& model, const std::shared_ptr<const Dataset>& data,
                    const std::string& data_name, const ReportOptions& options = {});

// The maps of a picture of the net's input size, with the dead units of an inspection (none where that has no
// layers).
std::vector<ShownLayer> maps_of(const Model& model, const Image& picture, const Inspection& inspection,
                                const Thresholds& thresholds);

}  // namespace halfwave
