#include "halfwave/inspect/comparison.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "halfwave/base/file.h"
#include "halfwave/base/parallel.h"
#include "halfwave/inspect/watch.h"
#include "halfwave/train/run_folder.h"

namespace halfwave {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

RunConfig config_of(const Contestant& contestant, const ComparisonOptions& options, double rate,
                    std::uint64_t seed) {
  RunConfig config = options.setup;
  config.net = to_toml(Net(contestant.net).spec());
  config.train.rate = rate;
  config.train.seed = seed;
  if (config.train.threads == 0) config.train.threads = thread_count();
  config.train.resolve();
  return config;
}

RunFolder folder_of(const std::filesystem::path& folder, const Contestant& contestant, std::uint64_t seed) {
  return RunFolder(folder / file_name(fmt::format("{}-{}", contestant.name, seed)));
}

bool exists(const RunFolder& run) {
  std::error_code code;
  return std::filesystem::exists(run.config(), code);
}

// The rates that were found, kept from one call to the next.
class RateMemory {
 public:
  explicit RateMemory(const std::filesystem::path& folder) : path_(folder / "rates.json") {
    std::error_code code;
    if (!std::filesystem::exists(path_, code)) return;
    try {
      json_ = nlohmann::json::parse(read_file(path_, 1 << 24));
    } catch (const nlohmann::json::exception& error) {
      fail("{}: {}; remove it, and the rates are searched again", path_.string(), error.what());
    }
  }

  std::optional<RateSearch> find(const std::string& config) const {
    const auto at = json_.find(config);
    if (at == json_.end()) return {};
    RateSearch search;
    try {
      search.best = at->at("best").get<double>();
      for (const auto& trial : at->at("trials")) {
        const auto& loss = trial.at("loss");  // JSON has no infinity
        search.trials.push_back(
            {trial.at("rate").get<double>(), loss.is_null() ? infinite : loss.get<double>()});
      }
    } catch (const nlohmann::json::exception& error) {
      fail("{}: {}; remove it, and the rates are searched again", path_.string(), error.what());
    }
    return search;
  }

  void keep(const std::string& config, const RateSearch& search) {
    auto& entry = json_[config];
    entry["best"] = search.best;
    entry["trials"] = nlohmann::json::array();
    for (const RateTrial& trial : search.trials)
      entry["trials"].push_back({{"rate", trial.rate}, {"loss", trial.loss}});
    write_file(path_, json_.dump(1));
  }

 private:
  std::filesystem::path path_;
  nlohmann::json json_ = nlohmann::json::object();  // by the text of the config that was tried
};

class Work {
 public:
  Work(std::span<const Contestant> contestants, const DataPair& data, const ComparisonOptions& options,
       const std::filesystem::path& folder, const std::function<bool(const ComparisonProgress&)>& progress)
      : contestants_(contestants),
        data_(data),
        options_(options),
        folder_(folder),
        progress_(progress),
        fingerprint_(fingerprint(data)) {}

  Comparison run() {
    make_folder(folder_);
    comparison_.epochs = options_.setup.train.epochs;
    comparison_.regression = data_.train->is_regression();
    for (const Contestant& contestant : contestants_)
      comparison_.contestants.push_back(
          {.name = contestant.name, .parameters = Net(contestant.net).parameter_count()});
    nets_.resize(contestants_.size());
    for (std::size_t i = 0; i < contestants_.size(); ++i) {
      if (!find_rate(i)) return std::move(comparison_);
    }
    for (std::int64_t seed = 0; seed < options_.seeds; ++seed) {
      for (std::size_t i = 0; i < contestants_.size(); ++i) {
        if (!train(i, options_.setup.train.seed + static_cast<std::uint64_t>(seed)))
          return std::move(comparison_);
      }
    }
    time();
    comparison_.finished = true;
    return std::move(comparison_);
  }

 private:
  bool goes_on(std::string doing, double epochs) {
    const auto all = static_cast<double>(contestants_.size()) * static_cast<double>(options_.seeds) *
                     static_cast<double>(comparison_.epochs);
    return !progress_ || progress_({comparison_, std::move(doing), (epochs_done_ + epochs) / all});
  }

  bool find_rate(std::size_t i) {
    const double given = options_.setup.train.rate;
    RateSearch& search = comparison_.contestants[i].rate;
    if (given > 0) {
      search.best = given;
      return true;
    }
    // Another seed than any run's.
    const RunConfig config = config_of(contestants_[i], options_, 0, options_.setup.train.seed + 1'000'000);
    RateMemory memory(folder_);
    if (const std::optional<RateSearch> found = memory.find(to_toml(config))) {
      search = *found;
      return true;
    }
    try {
      search = search_rate(contestants_[i].net, data_, config.train, options_.search_steps,
                           [&](std::size_t trials, double share) {
                             return goes_on(fmt::format("{}, looking for a rate, trial {}, {:.0f} %",
                                                        contestants_[i].name, trials + 1, share * 100),
                                            0);
                           });
    } catch (const LossNotFinite& error) {
      throw LossNotFinite(fmt::format("{}: {}", contestants_[i].name, error.what()));
    }
    if (search.best == 0) return false;
    memory.keep(to_toml(config), search);
    return true;
  }

  bool train(std::size_t i, std::uint64_t seed) {
    Compared& compared = comparison_.contestants[i];
    const RunConfig config = config_of(contestants_[i], options_, compared.rate.best, seed);
    const RunFolder folder = folder_of(folder_, contestants_[i], seed);
    auto net = std::make_unique<Net>(contestants_[i].net);
    Trainer trainer(*net, data_, config.train);
    compared.runs.push_back({.seed = seed});
    compared.runs.back().start_gradients =
        inspect(*net, data_.train, trainer.info(), {.images = 1, .gradient_batches = 4}).gradients;
    if (!exists(folder)) {
      folder.create(config);
    } else {
      if (to_toml(folder.open()) != to_toml(config)) {
        fail("{} holds a run of another setup than this comparison: choose another folder",
             folder.path().string());
      }
      folder.load(trainer, fingerprint_, false);
    }
    compared.runs.back().history = trainer.state().history;
    Watch watch(*net, trainer.options());
    bool finished = false;
    const auto on_step = [&](const Progress& progress) {
      const double share = static_cast<double>(progress.batch) / static_cast<double>(progress.batches);
      return goes_on(fmt::format("{}, seed {}, epoch {}", compared.name, seed, progress.epoch + 1),
                     static_cast<double>(progress.epoch) + share);
    };
    const auto on_epoch = [&](const EpochResult& result) { compared.runs.back().history.push_back(result); };
    try {
      finished = train_into(folder, trainer, fingerprint_,
                            {.on_step = on_step, .on_epoch = on_epoch, .observer = &watch});
    } catch (const LossNotFinite& error) {
      compared.runs.back().failure = error.what();
      finished = true;
    }
    if (!finished) return false;
    epochs_done_ += static_cast<double>(comparison_.epochs);
    if (!compared.runs.back().failure.empty()) return true;
    compared.runs.back().inspection =
        inspect(trainer.model_net(), data_.test, trainer.info(),
                {.images = options_.inspected_images, .training = trainer.options()});
    info_ = trainer.info();
    if (nets_[i] == nullptr) nets_[i] = std::move(net);
    return true;
  }

  void time() {
    std::vector<const Net*> nets;
    std::vector<std::size_t> whose;
    for (std::size_t i = 0; i < nets_.size(); ++i) {
      if (nets_[i] == nullptr) continue;
      nets.push_back(nets_[i].get());
      whose.push_back(i);
    }
    if (nets.empty()) return;
    const std::vector<PassTime> times = time_passes(nets, data_, info_, options_.setup.train);
    for (std::size_t i = 0; i < times.size(); ++i) comparison_.contestants[whose[i]].time = times[i];
  }

  std::span<const Contestant> contestants_;
  const DataPair& data_;
  const ComparisonOptions& options_;
  const std::filesystem::path& folder_;
  const std::function<bool(const ComparisonProgress&)>& progress_;
  std::string fingerprint_;
  Comparison comparison_;
  std::vector<std::unique_ptr<Net>> nets_;  // of the first run of each that did not fail
  ModelInfo info_;
  double epochs_done_ = 0;
};

}  // namespace

Comparison compare(std::span<const Contestant> contestants, const DataPair& data,
                   const ComparisonOptions& options, const std::filesystem::path& folder,
                   const std::function<bool(const ComparisonProgress&)>& progress) {
  return Work(contestants, data, options, folder, progress).run();
}

bool fits(const std::filesystem::path& folder, std::span<const Contestant> contestants,
          const ComparisonOptions& options) {
  for (const Contestant& contestant : contestants) {
    for (std::int64_t i = 0; i < options.seeds; ++i) {
      const std::uint64_t seed = options.setup.train.seed + static_cast<std::uint64_t>(i);
      const RunFolder run = folder_of(folder, contestant, seed);
      if (!exists(run)) continue;
      RunConfig there = run.open();
      // Which rate is found is not known yet.
      const double rate = options.setup.train.rate > 0 ? options.setup.train.rate : there.train.rate;
      if (to_toml(there) != to_toml(config_of(contestant, options, rate, seed))) return false;
    }
  }
  return true;
}

std::vector<Ranked> rank(const Comparison& comparison) {
  std::vector<std::vector<double>> results;
  std::size_t trials = std::numeric_limits<std::size_t>::max();
  for (const Compared& compared : comparison.contestants) trials = std::min(trials, compared.runs.size());
  for (const Compared& compared : comparison.contestants) {
    auto& mine = results.emplace_back();
    for (const ComparedRun& run : std::span(compared.runs).first(trials)) {
      const bool good = run.failure.empty() && !run.history.empty();
      mine.push_back(good ? run.history.back().test_accuracy : not_a_number);
    }
  }
  return rank(results);
}

std::optional<Reached> reached(const ComparedRun& run, const Goal& goal) {
  double seconds = 0;
  for (const EpochResult& result : run.history) {
    seconds += result.seconds;
    const double figure = result.*goal.figure;
    if (goal.at_least ? figure >= goal.level : figure <= goal.level) return Reached{result.epoch, seconds};
  }
  return {};
}

}  // namespace halfwave
