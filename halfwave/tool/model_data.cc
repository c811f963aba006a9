#include "halfwave/tool/model_data.h"

#include <fmt/format.h>

#include <filesystem>

#include "halfwave/tool/command.h"
#include "halfwave/train/evaluation.h"
#include "halfwave/train/run_folder.h"

namespace halfwave::tool {

ModelData model_data(const char* command, const std::string& run, const std::string& data, const Model& model,
                     const DataChoice& choice) {
  ModelData source;
  std::error_code code;
  if (!data.empty()) {
    source.name = data;
    source.how = data_options_for(model.net.input(), choice);
    source.how.classes = model.info.classes;
    source.how.form = model.info.table;
  } else if (std::filesystem::is_directory(run, code)) {
    const RunConfig config = RunFolder(run).open();
    source = {config.data, data_options_of(config, model.net.input(), choice)};
  } else {
    throw UsageError(
        fmt::format("{0} is a model alone and does not say its data: halfwave {1} {0} DATA", run, command));
  }
  return source;
}

std::shared_ptr<const Dataset> open_part(const ModelData& data, bool training, const Model& model) {
  const DataPair pair = open_shown(data.name, data.how);
  const auto& part = training ? pair.train : pair.test;
  check_fit(model.net, *part);
  return part;
}

}  // namespace halfwave::tool
