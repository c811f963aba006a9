// The folder of a training run, runs/NAME/: what lies where, and in which order it is written.
//   config.toml              everything that was chosen
//   best.safetensors         the model of the epoch with the highest test accuracy
//   last.safetensors         the last checkpoint
//   previous.safetensors     the one before it, in case the last is damaged
//   results.csv, curve.svg   the table of epochs and its picture
//   events/                  the same and more for TensorBoard, a file an epoch
//   report.html              everything on one page
// The last three are written by the tool.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "halfwave/train/checkpoint.h"
#include "halfwave/train/options.h"

namespace halfwave {

// No state but the path. Two runs must not write one folder at the same time.
class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path config() const { return path_ / "config.toml"; }
  std::filesystem::path best() const { return path_ / "best.safetensors"; }
  std::filesystem::path last() const { return path_ / "last.safetensors"; }
  std::filesystem::path previous() const { return path_ / "previous.safetensors"; }
  std::filesystem::path results() const { return path_ / "results.csv"; }
  std::filesystem::path curve() const { return path_ / "curve.svg"; }
  std::filesystem::path events() const { return path_ / "events"; }
  std::filesystem::path page() const { return path_ / "report.html"; }

  // Makes the folder and writes the config. Error when a run is there already.
  void create(const RunConfig& config) const;
  // Error when the folder holds no run, or its config is not understood.
  RunConfig open() const;

  // Writes a checkpoint; the one before it is kept.
  void save(Trainer& trainer, const std::string& data_fingerprint) const;
  // The last checkpoint, or the one before it; nothing where the run has not come that far. Error when it is
  // damaged, with what else can be done.
  std::optional<SafetensorsFile> checkpoint(bool use_previous) const;
  // Loads it, and returns whether there was one: else the run starts at its beginning. Error when it does not
  // fit.
  bool load(Trainer& trainer, const std::string& data_fingerprint, bool use_previous) const;

 private:
  void remove_leftovers() const;  // of a process that was killed while it wrote

  std::filesystem::path path_;
};

// Runs the trainer, and keeps in the folder what it learns: the best model, a checkpoint at the end of each
// epoch, once a minute within one, every save_every steps (0: none of these), and where a callback ends the
// run. callbacks.on_epoch is called behind the saving. Returns and throws as Trainer::run().
bool train_into(const RunFolder& run, Trainer& trainer, const std::string& data_fingerprint,
                Trainer::Callbacks callbacks, std::int64_t save_every = 0);

// The model to use for a path: the best (else the last) one of a run's folder, or the file itself.
std::filesystem::path model_path(const std::filesystem::path& path);

}  // namespace halfwave
