// What the folder of a run tells of its training.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "halfwave/base/table.h"
#include "halfwave/train/options.h"
#include "halfwave/train/trainer.h"

namespace halfwave::tool {

// All empty for a model file.
struct RunRecord {
  std::optional<RunConfig> config{};
  std::vector<EpochResult> history{};
  std::optional<Table> comparison{};  // that the run is part of (`halfwave compare`): a row a run
};

// A checkpoint or a comparison that cannot be read is warned of and left out. Error where there is no config.
RunRecord run_record(const std::filesystem::path& run);

}  // namespace halfwave::tool
