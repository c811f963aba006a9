// A training run on disk: a model file that also holds the optimiser's memory and where the run is.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "halfwave/train/trainer.h"

namespace halfwave {

// Writes all or nothing; data_fingerprint names the training and test data.
void save_checkpoint(const std::filesystem::path& path, Trainer& trainer,
                     const std::string& data_fingerprint);

// Puts the trainer where the checkpoint was. Error when it was made with another net, other options or other
// data; the trainer is then not to be used.
void load_checkpoint(const SafetensorsFile& file, Trainer& trainer, const std::string& data_fingerprint);

// The table of epochs of a checkpoint. Error when it is none, or damaged.
std::vector<EpochResult> history_of(const SafetensorsFile& file);

std::string fingerprint(const DataPair& data);

}  // namespace halfwave
