#include "halfwave/train/run_folder.h"

#include "halfwave/base/clock.h"
#include "halfwave/base/error.h"
#include "halfwave/base/file.h"

namespace halfwave {
namespace {

constexpr double checkpoint_seconds = 60;

}  // namespace

void RunFolder::create(const RunConfig& config) const {
  std::error_code code;
  if (std::filesystem::exists(this->config(), code)) {
    fail(
        "{} holds a run already: go on with `halfwave train --resume {}`, or choose another folder with "
        "--out",
        path_.string(), path_.string());
  }
  const std::string text = to_toml(config);
  parse_config(text, this->config().string());  // what would not read back must not cost a training
  make_folder(path_);
  write_file(this->config(), text);
}

RunConfig RunFolder::open() const {
  std::error_code code;
  if (!std::filesystem::is_directory(path_, code)) fail("{} is no folder of a training run", path_.string());
  if (!std::filesystem::exists(config(), code)) {
    fail("{} holds no training run: it has no config.toml", path_.string());
  }
  return parse_config(read_file(config(), 1 << 24), config().string());
}

void RunFolder::save(Trainer& trainer, const std::string& data_fingerprint) const {
  // First the new one aside, then the old one away: at every moment one good checkpoint has its proper name
  // or stands as the previous one.
  const std::filesystem::path next = path_ / "next.safetensors";
  save_checkpoint(next, trainer, data_fingerprint);
  std::error_code code;
  if (std::filesystem::exists(last(), code)) std::filesystem::rename(last(), previous(), code);
  if (!code) std::filesystem::rename(next, last(), code);
  if (code) fail("cannot write {}: {}", last().string(), code.message());
}

std::optional<SafetensorsFile> RunFolder::checkpoint(bool use_previous) const {
  std::error_code code;
  const bool has_last = std::filesystem::exists(last(), code);
  const bool has_previous = std::filesystem::exists(previous(), code);
  if (use_previous && !has_previous) fail("{} has no checkpoint before the last one", path_.string());
  if (!has_last && !has_previous) return {};
  // A run that was stopped between the two renames has only the previous one, and that is sound.
  if (use_previous || !has_last) return SafetensorsFile::read(previous(), true);
  try {
    return SafetensorsFile::read(last(), true);
  } catch (const Error& error) {
    if (!has_previous) throw;
    fail("{}; the checkpoint before it is there: go on from it with --previous", error.what());
  }
}

bool RunFolder::load(Trainer& trainer, const std::string& data_fingerprint, bool use_previous) const {
  const std::optional<SafetensorsFile> file = checkpoint(use_previous);
  remove_leftovers();
  if (!file) return false;
  load_checkpoint(*file, trainer, data_fingerprint);
  // What comes after the previous one is given up: it must not take that one's place at the next save.
  std::error_code code;
  if (use_previous) std::filesystem::remove(last(), code);
  return true;
}

void RunFolder::remove_leftovers() const {
  std::error_code code;
  std::vector<std::filesystem::path> found{path_ / "next.safetensors"};
  for (const auto& folder : {path_, events()}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
      if (is_unfinished(entry.path())) found.push_back(entry.path());
    }
  }
  for (const auto& file : found) std::filesystem::remove(file, code);
}

bool train_into(const RunFolder& run, Trainer& trainer, const std::string& data_fingerprint,
                Trainer::Callbacks callbacks, std::int64_t save_every) {
  double saved = seconds_now();
  const auto save = [&] {
    run.save(trainer, data_fingerprint);
    saved = seconds_now();
  };
  const auto on_step = [&, told = std::move(callbacks.on_step)](const Progress& progress) {
    const bool goes_on = told(progress);
    const bool due = save_every > 0 && trainer.state().step % static_cast<std::uint64_t>(save_every) == 0;
    if (progress.batch != progress.batches && (due || seconds_now() - saved > checkpoint_seconds)) save();
    return goes_on;
  };
  const auto on_epoch = [&, told = std::move(callbacks.on_epoch)](const EpochResult& result) {
    if (result.best) save_model(run.best(), trainer.model_net(), trainer.info());
    save();
    told(result);
  };
  callbacks.on_step = on_step;
  callbacks.on_epoch = on_epoch;
  const bool finished = trainer.run(callbacks);
  if (!finished) save();
  return finished;
}

std::filesystem::path model_path(const std::filesystem::path& path) {
  std::error_code code;
  if (!std::filesystem::is_directory(path, code)) {
    if (!std::filesystem::exists(path, code)) {
      fail(
          "{}: no such run or model file; give the folder of a run, as in runs/lenet5, or a .safetensors "
          "file",
          path.string());
    }
    return path;
  }
  const RunFolder run(path);
  for (const auto& candidate : {run.best(), run.last(), run.previous()}) {
    if (std::filesystem::exists(candidate, code)) return candidate;
  }
  // A comparison, or the folder of all runs.
  for (const auto& entry : std::filesystem::directory_iterator(path, code)) {
    if (std::filesystem::exists(RunFolder(entry.path()).best(), code))
      fail("{} is no run but holds some: choose one, as {}", path.string(), entry.path().string());
  }
  fail("{} holds no model yet: no epoch of its training has ended", path.string());
}

}  // namespace halfwave
