// The data to run a model on: those that are named, or those that its run was trained with.
#pragma once

#include <string>

#include "halfwave/data/dataset.h"
#include "halfwave/tool/data_choice.h"
#include "halfwave/train/model.h"

namespace halfwave::tool {

struct ModelData {
  std::string name;
  DataOptions how;
};

// run: a run's folder or a model file; data: may be empty for a run. Other data are opened as the model takes
// them, those of the run as they were for its training. UsageError, naming the command, for a model file
// without data.
ModelData model_data(const char* command, const std::string& run, const std::string& data, const Model& model,
                     const DataChoice& choice);

// Opens them, and checks that they fit the net: the training part, or the test part.
std::shared_ptr<const Dataset> open_part(const ModelData& data, bool training, const Model& model);

}  // namespace halfwave::tool
