#include "halfwave/train/checkpoint.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "halfwave/base/error.h"

namespace halfwave {

// Numbers go through JSON as the shortest text that reads back to the same bits.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LayerWatch, name, units, images, dead, dying, silent, saturated, revived,
                                   zero_share)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GradientWatch, name, norm, zero_share)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EpochHealth, layers, gradients)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LayerTally, images, values, zeros, active, saturated, last_active)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(HealthTally, epoch, looks, layers, gradients)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EpochResult, epoch, train_loss, train_accuracy, test_loss, test_accuracy,
                                   rate, seconds, waited, best, health)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LossSum, loss, correct, images, squares, absolutes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TrainState, step, epoch, index, sum, seconds, waited, tally, health,
                                   history)

namespace {

constexpr const char* state_key = "halfwave.state";
constexpr const char* options_key = "halfwave.options";
constexpr const char* data_key = "halfwave.data";

std::string options_text(Trainer& trainer) {
  return to_toml(RunConfig{.net = to_toml(trainer.net().spec()), .data = {}, .train = trainer.options()});
}

// The tensors of the averaged net, if there is one, by their names in a checkpoint.
std::vector<std::pair<std::string, Net::Tensor>> averages(Trainer& trainer) {
  std::vector<std::pair<std::string, Net::Tensor>> result;
  if (AveragedNet* average = trainer.average()) {
    for (const Net::Tensor& tensor : average->net().tensors())
      result.emplace_back("average." + tensor.name, tensor);
  }
  return result;
}

TrainState state_of(const SafetensorsFile& file) {
  try {
    return nlohmann::json::parse(file.text(state_key)).get<TrainState>();
  } catch (const nlohmann::json::exception& error) {
    fail("{}: its '{}' is not understood: {}", file.path(), state_key, error.what());
  }
}

}  // namespace

std::string fingerprint(const DataPair& data) {
  return data.train->fingerprint() + "/" + data.test->fingerprint();
}

void save_checkpoint(const std::filesystem::path& path, Trainer& trainer,
                     const std::string& data_fingerprint) {
  std::vector<TensorEntry> entries;
  for (const Optimiser::State& state : trainer.optimiser().state()) {
    entries.push_back(
        float_entry(state.name, {static_cast<std::int64_t>(state.values.size())}, state.values));
  }
  for (const auto& [name, tensor] : averages(trainer))
    entries.push_back(float_entry(name, tensor.parameter->dims, tensor.values));
  save_model(path, trainer.net(), trainer.info(),
             {{state_key, nlohmann::json(trainer.state()).dump()},
              {options_key, options_text(trainer)},
              {data_key, data_fingerprint}},
             std::move(entries));
}

void load_checkpoint(const SafetensorsFile& file, Trainer& trainer, const std::string& data_fingerprint) {
  if (file.text(options_key) != options_text(trainer)) {
    fail("{} was made with another net or other options than the run's config says", file.path());
  }
  if (file.text(data_key) != data_fingerprint) {
    fail("{} was made with other data: the images or labels have changed since the run began", file.path());
  }
  load_tensors(file, trainer.net());
  for (const Optimiser::State& state : trainer.optimiser().state()) {
    const std::int64_t dims[] = {static_cast<std::int64_t>(state.values.size())};
    file.copy_floats(state.name, dims, state.values);
  }
  for (const auto& [name, tensor] : averages(trainer))
    file.copy_floats(name, tensor.parameter->dims, tensor.values);
  trainer.restore(state_of(file));
}

std::vector<EpochResult> history_of(const SafetensorsFile& file) { return state_of(file).history; }

}  // namespace halfwave
