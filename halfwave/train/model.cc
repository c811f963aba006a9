#include "halfwave/train/model.h"

#include <nlohmann/json.hpp>

#include "halfwave/base/error.h"

namespace halfwave {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TableColumn, name, categories, fill, marks_missing)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TableForm, columns, target, regression)

namespace {

constexpr const char* net_key = "halfwave.net";
constexpr const char* info_key = "halfwave.model";

// Puts the file's name before the error of what was made of it.
template <class Make>
auto named(const SafetensorsFile& file, const Make& make) {
  try {
    return make();
  } catch (const Error& error) {
    fail("{}: {}", file.path(), error.what());
  }
}

}  // namespace

void load_tensors(const SafetensorsFile& file, Net& net) {
  for (const Net::Tensor& tensor : net.tensors())
    file.copy_floats(tensor.name, tensor.parameter->dims, tensor.values);
}

Model load_model(const SafetensorsFile& file) {
  const NetSpec spec = parse_net(file.text(net_key), file.path());
  Model model{named(file, [&] { return Net(spec); }), {}};
  load_tensors(file, model.net);
  try {
    const auto json = nlohmann::json::parse(file.text(info_key));
    json.at("classes").get_to(model.info.classes);
    json.at("mean").get_to(model.info.normalisation.mean);
    json.at("deviation").get_to(model.info.normalisation.deviation);
    if (json.contains("table")) {
      model.info.table = json.at("table").get<TableForm>();
      json.at("target_mean").get_to(model.info.target.mean);
      json.at("target_deviation").get_to(model.info.target.deviation);
    }
  } catch (const nlohmann::json::exception& error) {
    fail("{}: its '{}' is not understood ({})", file.path(), info_key, error.what());
  }
  if (model.info.classes.size() != model.net.output().size()) {
    fail("{}: it names {} classes, but its net has {} outputs", file.path(), model.info.classes.size(),
         model.net.output().size());
  }
  named(file, [&] { return Normaliser(model.info.normalisation, model.net.input().channels); });
  if (model.info.table && model.info.table->values() != model.net.input().size()) {
    fail("{}: its table has {} values a row, but its net takes {}", file.path(), model.info.table->values(),
         model.net.input().size());
  }
  if (model.info.table && model.info.table->regression)
    named(file, [&] { return Normaliser(model.info.target, 1); });
  return model;
}

ModelInfo describe_data(const Dataset& data) {
  ModelInfo info{.classes = data.classes(), .normalisation = measure_normalisation(data)};
  if (data.table() != nullptr) info.table = *data.table();
  if (data.is_regression()) info.target = measure_target(data);
  return info;
}

Model load_model(const std::filesystem::path& path) { return load_model(SafetensorsFile::read(path, true)); }

void save_model(const std::filesystem::path& path, Net& net, const ModelInfo& info,
                std::map<std::string, std::string> metadata, std::vector<TensorEntry> entries) {
  metadata[net_key] = to_toml(net.spec());
  nlohmann::json json{{"classes", info.classes},
                      {"mean", info.normalisation.mean},
                      {"deviation", info.normalisation.deviation}};
  if (info.table) {
    json["table"] = *info.table;
    json["target_mean"] = info.target.mean;
    json["target_deviation"] = info.target.deviation;
  }
  metadata[info_key] = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::vector<TensorEntry> all;
  for (const Net::Tensor& tensor : net.tensors()) {
    all.push_back(float_entry(tensor.name, tensor.parameter->dims, tensor.values));
  }
  all.insert(all.end(), entries.begin(), entries.end());
  write_safetensors(path, std::move(metadata), all);
}

}  // namespace halfwave
