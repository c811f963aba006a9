// A trained net with what is needed to use it: class names and the normalisation of its input. One
// safetensors file holds it all; checkpoints are such files too.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "halfwave/data/normalisation.h"
#include "halfwave/net/net.h"
#include "halfwave/net/safetensors.h"

namespace halfwave {

struct ModelInfo {
  std::vector<std::string> classes;  // by label
  Normalisation normalisation;
  // Of a table: how its rows become values; and, where a number is learned, of that one.
  std::optional<TableForm> table{};
  Normalisation target{};
};

// What a model must know of the data that it is trained on. Reads all examples.
ModelInfo describe_data(const Dataset& data);

struct Model {
  Net net;
  ModelInfo info;
};

// Error, with the file's name, when it is missing, damaged, not a model, or does not fit itself.
Model load_model(const std::filesystem::path& path);
Model load_model(const SafetensorsFile& file);

// Writes all or nothing. `metadata` and `entries` are added (checkpoints use them).
void save_model(const std::filesystem::path& path, Net& net, const ModelInfo& info,
                std::map<std::string, std::string> metadata = {}, std::vector<TensorEntry> entries = {});

// Fills the net's tensors from a file with the same net.
void load_tensors(const SafetensorsFile& file, Net& net);

}  // namespace halfwave
