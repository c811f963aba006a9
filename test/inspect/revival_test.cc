// Units that begin anew: what changes by it, what does not, and what it is good for.
#include "halfwave/inspect/revival.h"

#include <cmath>

#include "../net/net_testing.h"
#include "../train/sample_data.h"
#include "common/error_message.h"
#include "common/test_folder.h"
#include "halfwave/inspect/watch.h"
#include "halfwave/train/checkpoint.h"
#include "planted.h"

namespace halfwave {
namespace {

constexpr const char* revived_net = R"(input = [8, 8, 1]
layers = [
  { conv = 8, kernel = 3, pad = 1, name = "maps" }, { batch_norm = 1e-5, name = "norm" }, "relu", { max_pool = 2 },
  { conv = 12, kernel = 3, name = "more" }, "relu", { dropout = 0.1 },
  { linear = 8, name = "hidden" }, "relu", { linear = 4, name = "scores" },
])";

// Of the net's layers, those with these makers.
std::vector<std::string> revivable(const std::string& text, const TrainOptions& options = {}) {
  const Net net = net_of(text);
  const Revival revival(net, options);
  std::vector<std::string> names;
  for (const ObservedLayer& layer : observed_layers(net)) {
    if (revival.possible(layer)) names.push_back(net.nodes()[layer.maker].name);
  }
  return names;
}

TEST(Revival, IsForUnitsThatOnlyWeightsTake) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(revivable(revived_net), (Names{"maps", "more", "hidden"}));
  const std::string head = "input = [8, 8, 4]\nlayers = [\n";
  EXPECT_EQ(revivable(head + R"({ conv = 8, kernel = 3, name = "a" }, "relu",
                                { conv = 8, kernel = 3, groups = 2, name = "b" }, "relu",
                                { conv = 8, kernel = 3, name = "c" }, "relu", { linear = 4 } ])"),
            (Names{"b", "c"}))
      << "a's units go into groups";
  EXPECT_EQ(revivable(head +
                      R"({ conv = 4, kernel = 3, pad = 1, name = "a" }, { layer = "relu", name = "out" },
                                { conv = 4, kernel = 3, pad = 1, name = "b" }, { layer = "relu", name = "in" },
{ add = ["out", "in"] },
                                { conv = 4, kernel = 3, name = "c" }, "relu", { linear = 4 } ])"),
            (Names{"c"}))
      << "a's and b's units go into a sum";
  EXPECT_EQ(revivable(head + R"({ linear = 8, name = "a" }, "relu", { linear = 4, name = "b" }, "relu" ])"),
            (Names{"a"}))
      << "b makes the output";
  EXPECT_EQ(revivable(revived_net, {.freeze = "maps"}), (Names{"more", "hidden"}));
  EXPECT_EQ(revivable(revived_net, {.freeze = "hidden"}), (Names{"maps"}));
}

TEST(Revival, ChangesWhatGoesInAndOutButNotWhatTheNetGives) {
  const DataPair data = sample_data();
  Net net = net_of(revived_net);
  Trainer trainer(net, data, {.epochs = 1, .batch = 16, .optimiser = OptimiserKind::adam, .rate = 0.001});
  // Dead behind the batch norm.
  for (const std::size_t unit : {1, 6}) {
    tensor(net, "norm.weight")[unit] = 0;
    tensor(net, "norm.bias")[unit] = -1;
  }
  for (const std::size_t unit : {2, 3}) tensor(net, "more.bias")[unit] = -1000;
  trainer.run({});
  const auto outputs = [&] {
    Plan plan(net, {.batch = 8, .training = false});
    std::vector<float> x(8 * 64);
    for (std::size_t i = 0; i < 8; ++i) data.test->get(i, x.data() + i * 64);
    const float* y = plan.forward(x.data(), 8);
    return std::vector<float>(y, y + 8 * 4);
  };
  const std::vector<float> before = values_of(net);
  const std::vector<float> given = outputs();
  const Revival revival(net, trainer.options());
  const std::vector<ObservedLayer> layers = observed_layers(net);
  revival.revive(net, trainer.optimiser(), layers[0], std::vector<std::size_t>{1, 6}, 1);
  revival.revive(net, trainer.optimiser(), layers[1], std::vector<std::size_t>{2, 3}, 1);
  EXPECT_EQ(outputs(), given);

  const auto is_in = [](std::size_t i, std::initializer_list<std::size_t> units) {
    return std::find(units.begin(), units.end(), i) != units.end();
  };
  double squares = 0;
  std::size_t drawn = 0;
  for (const Net::Tensor& each : net.tensors()) {
    if (!each.parameter->trained) continue;
    for (std::size_t i = 0; i < each.values.size(); ++i) {
      const std::size_t at = each.parameter->offset + i;
      const float value = each.values[i];
      const std::string place = each.name + " " + std::to_string(i);
      bool changes = true;
      if (each.name == "maps.weight" ? is_in(i / 9, {1, 6})
                                     : each.name == "more.weight" && is_in(i / 72, {2, 3})) {
        squares += std::pow(value, 2) * (each.name == "maps.weight" ? 9 : 72) / 2;  // He: 2 / fan-in
        ++drawn;
      } else if ((each.name == "maps.bias" && is_in(i, {1, 6})) ||
                 (each.name == "more.bias" && is_in(i, {2, 3}))) {
        EXPECT_EQ(value, 0) << place;
      } else if (each.name == "norm.weight" && is_in(i, {1, 6})) {
        EXPECT_EQ(value, 1) << place;
      } else if (each.name == "norm.bias" && is_in(i, {1, 6})) {
        EXPECT_EQ(value, 0) << place;
      } else if ((each.name == "more.weight" && is_in(i % 8, {1, 6})) ||
                 (each.name == "hidden.weight" && is_in(i % 12, {2, 3}))) {
        EXPECT_EQ(value, 0) << place;
      } else {
        changes = false;
        EXPECT_EQ(value, before[at]) << place;
      }
      for (const Optimiser::State& state : trainer.optimiser().state()) {
        EXPECT_TRUE(!changes || state.values[at] == 0) << place << " in " << state.name;
      }
    }
  }
  EXPECT_EQ(drawn, 2U * 9 + 2 * 72);
  // The mean of 162 squares of normal numbers has a deviation of sqrt(2 / 126).
  EXPECT_NEAR(squares / static_cast<double>(drawn), 1, 4 * std::sqrt(2.0 / 162));
  EXPECT_EQ(tensor(net, "norm.running_mean")[1], 0);
  EXPECT_EQ(tensor(net, "norm.running_var")[6], 1);
}

// Half of its units are killed, if `killed`, before it is trained.
struct Killed {
  Net net = net_of(
      "input = [8, 8, 1]\nlayers = [ { linear = 4 }, 'relu', { linear = 4 }, 'relu', { linear = 4 } ]");
  Trainer trainer;

  Killed(const TrainOptions& options, bool killed = true) : trainer(net, data(), options) {
    for (const char* bias : {"linear1.bias", "linear2.bias"}) {
      for (const std::size_t unit : {1, 2}) tensor(net, bias)[unit] = killed ? -1000 : 0;
    }
  }
  static DataPair data() {
    DataPair pair = sample_data();
    pair.train = std::make_shared<SampleData>(2000, 1);
    return pair;
  }
  const std::vector<EpochResult>& train() {
    Watch watch(net, trainer.options());
    trainer.run({.observer = &watch});
    return trainer.state().history;
  }
};

// A net of two units a layer hardly tells four classes apart.
TEST(Revival, ANetWithHalfItsUnitsKilledRecovers) {
  double without = 0;
  constexpr int seeds = 5;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE(seed);
    const auto end = [&](std::int64_t revive, bool killed) {
      Killed run({.epochs = 12, .batch = 16, .seed = seed, .rate = 0.01, .revive = revive}, killed);
      EpochResult result = run.train().back();
      EXPECT_EQ(result.health.layers[0].dead, killed && revive == 0 ? 2 : 0);
      return result;
    };
    EXPECT_EQ(end(0, false).test_accuracy, 1);
    const EpochResult half = end(0, true);
    without += half.test_accuracy / seeds;
    for (const std::int64_t revive : {1, 2}) {
      EXPECT_EQ(end(revive, true).test_accuracy, 1);
      EXPECT_LT(end(revive, true).test_loss, half.test_loss / 2);
    }
  }
  EXPECT_LT(without, 0.9);
}

TEST(Revival, AResumedRunHasTheSameBits) {
  const TestFolder folder;
  const std::filesystem::path path = folder / "resume.safetensors";
  const TrainOptions options{
      .epochs = 4, .batch = 16, .optimiser = OptimiserKind::adam, .rate = 0.002, .revive = 2};
  Killed whole(options);
  whole.train();
  for (const std::uint64_t stop : {130, 250, 251}) {  // 125 steps an epoch
    {
      Killed run(options);
      Watch watch(run.net, options);
      run.trainer.run(
          {.on_step = [&](const Progress&) { return run.trainer.state().step < stop; }, .observer = &watch});
      save_checkpoint(path, run.trainer, "data");
    }
    Killed run(options);
    load_checkpoint(SafetensorsFile::read(path, true), run.trainer, "data");
    EXPECT_EQ(run.train().at(1).health.layers[0].revived, 2);
    EXPECT_EQ(values_of(run.net), values_of(whole.net)) << stop;
  }
}

// That would leave no time to learn.
TEST(Revival, IsNotForTheLastEpoch) {
  Killed run({.epochs = 1, .batch = 16, .revive = 1});
  EXPECT_EQ(run.train().at(0).health.layers[0].revived, 0);
  EXPECT_EQ(tensor(run.net, "linear1.bias")[1], -1000);
}

TEST(Revival, WantsAWatch) {
  Killed run({.epochs = 1, .batch = 16, .revive = 1});
  EXPECT_EQ(message([&] { run.trainer.run({}); }),
            "revive: dead units can begin anew only while a Watch counts them (leave --no-watch out)");
}

}  // namespace
}  // namespace halfwave
