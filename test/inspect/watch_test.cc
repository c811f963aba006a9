// What a watch counts while a net is trained: what inspect() sees of the same values, the faults that were
// planted, over interruptions too; and that training does not feel it.
#include "halfwave/inspect/watch.h"

#include "../net/net_testing.h"
#include "../train/sample_data.h"
#include "common/test_folder.h"
#include "halfwave/train/checkpoint.h"
#include "planted.h"

namespace halfwave {
namespace {

std::string watched_net(const std::string& activation) {
  return "input = [8, 8, 1]\nactivation = '" + activation + R"('
layers = [
  { conv = 8, kernel = 3, pad = 1, name = "maps" }, "activation", { max_pool = 2 },
  { conv = 12, kernel = 3, name = "more" }, "activation",
  { linear = 8, name = "hidden" }, "leaky_relu", { linear = 4, name = "scores" },
])";
}

// Enough for a judgement in each epoch.
DataPair much_data() {
  DataPair data = sample_data();
  data.train = std::make_shared<SampleData>(2000, 1);
  return data;
}

std::vector<EpochResult> watched(Net& net, Trainer& trainer) {
  Watch watch(net, trainer.options());
  trainer.run({.observer = &watch});
  return trainer.state().history;
}

// 500 images in a batch: the first step, before any update, is the one that is looked at.
TEST(Watch, SeesWhatInspectSees) {
  for (const char* const activation : {"relu", "tanh", "hard_sigmoid", "softsign"}) {
    SCOPED_TRACE(activation);
    const DataPair data = sample_data();
    Net net = net_of(watched_net(activation));
    Trainer trainer(net, data, {.epochs = 1, .batch = 500});
    for (const std::size_t unit : {1, 4}) tensor(net, "more.bias")[unit] = -1000;
    for (const std::size_t unit : {3, 5, 7}) tensor(net, "more.bias")[unit] = 1000;
    const Inspection expected = inspect(net, data.train, describe_data(*data.train),
                                        {.batch = 500, .gradient_batches = 1, .gradient_batch = 500});
    const EpochHealth health = watched(net, trainer).at(0).health;
    ASSERT_EQ(health.layers.size(), expected.layers.size());
    for (std::size_t i = 0; i < health.layers.size(); ++i) {
      const LayerWatch& got = health.layers[i];
      const LayerHealth& layer = expected.layers[i];
      SCOPED_TRACE(layer.name);
      EXPECT_EQ(got.name, layer.name);
      EXPECT_EQ(got.units, static_cast<std::int64_t>(layer.units.size()));
      EXPECT_EQ(got.images, 500);
      EXPECT_EQ(got.dead, static_cast<std::int64_t>(dead_units(layer, {.active_share = 1e-9}).size()));
      EXPECT_EQ(got.dead + got.dying, static_cast<std::int64_t>(dead_units(layer, {}).size()));
      EXPECT_EQ(got.saturated, static_cast<std::int64_t>(saturated_units(layer, {}).size()));
      // Behind the pool there are fewer zeros; elsewhere rounding may make one of 500 x 36 values a 0.
      if (i > 0 || std::string(activation) != "relu") {
        EXPECT_NEAR(got.zero_share, layer.zero_share, 1e-4);
      } else {
        EXPECT_LT(got.zero_share, layer.zero_share);
      }
    }
    ASSERT_EQ(health.gradients.size(), expected.gradients.size());
    for (std::size_t i = 0; i < health.gradients.size(); ++i) {
      EXPECT_EQ(health.gradients[i].name, expected.gradients[i].name);
      EXPECT_NEAR(health.gradients[i].norm, expected.gradients[i].norm,
                  1e-4 * expected.gradients[i].norm + 1e-9);
      EXPECT_NEAR(health.gradients[i].zero_share, expected.gradients[i].zero_share, 0.02);
    }
  }
}

// With batch norm, dropout, and a convolution that hands its output to the max-pool unwritten.
TEST(Watch, ChangesNoBit) {
  const std::string joined = R"(input = [8, 8, 1]
    layers = [ { conv = 32, kernel = 3, pad = 1 }, "relu", { max_pool = 2 }, { conv = 32, kernel = 3, pad = 1 },
               "relu", { max_pool = 2 }, { linear = 4 } ])";
  for (const std::string& text : {std::string(sample_net()), joined}) {
    std::vector<float> values[2];
    for (const bool looks : {false, true}) {
      Net net = net_of(text);
      Trainer trainer(net, much_data(), {.epochs = 3, .batch = 16});
      Watch watch(net, trainer.options());
      trainer.run({.observer = looks ? &watch : nullptr});
      values[looks ? 1 : 0] = values_of(net);
      EXPECT_EQ(trainer.state().history.back().health.layers.empty(), !looks);
    }
    EXPECT_EQ(values[0], values[1]);
  }
}

TEST(Watch, NamesUnitsThatStaySilent) {
  Net net = net_of(watched_net("relu"));
  Trainer trainer(net, much_data(), {.epochs = 4, .batch = 16, .seed = 1, .rate = 0.004});
  for (const std::size_t unit : {1, 4, 6}) tensor(net, "maps.bias")[unit] = -1000;
  for (const std::size_t unit : {0, 11}) tensor(net, "more.bias")[unit] = -1000;
  const std::vector<EpochResult> history = watched(net, trainer);
  for (std::size_t epoch = 0; epoch < 4; ++epoch) {
    SCOPED_TRACE(epoch + 1);
    const EpochHealth& health = history[epoch].health;
    ASSERT_EQ(health.layers.size(), 4U);
    EXPECT_EQ(health.layers[0].dead, 3);
    EXPECT_EQ(health.layers[1].dead, 2);
    EXPECT_EQ(health.layers[2].dead, 0);
    EXPECT_EQ(health.layers[0].silent, epoch < 2 ? 0 : 3);
    EXPECT_EQ(health.layers[1].silent, epoch < 2 ? 0 : 2);
    std::vector<std::string> rules;
    for (const Finding& finding : find_faults(health)) rules.push_back(finding.rule + " " + finding.layer);
    const std::vector<std::string> expected{"silent_units maps", "silent_units more"};
    EXPECT_EQ(rules, epoch < 2 ? std::vector<std::string>() : expected);
  }
  const std::vector<Finding> found = find_faults(history.back().health);
  EXPECT_EQ(found[0].what, "maps: 3 of 8 units have not fired for 3 epochs");
  EXPECT_NE(found[0].advice, "");
}

// That is told at once.
TEST(Watch, NamesADeadLayer) {
  Net net = net_of(watched_net("relu"));
  Trainer trainer(net, much_data(), {.epochs = 1, .batch = 16});
  for (std::size_t unit = 0; unit < 7; ++unit) tensor(net, "more.bias")[unit] = -1000;
  const std::vector<Finding> found = find_faults(watched(net, trainer).back().health);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].rule, "dead_layer");
  EXPECT_EQ(found[0].layer, "more");
  EXPECT_DOUBLE_EQ(found[0].value, 7.0 / 12);
  EXPECT_EQ(found[0].what, "more: 7 of 12 units fired on none of 128 images");
}

// One that fires again is not silent any more.
TEST(Watch, CountsFromTheLastTimeAUnitFired) {
  Net net = net_of(watched_net("relu"));
  Trainer trainer(net, much_data(), {.epochs = 5, .batch = 16, .seed = 1, .rate = 0.004});
  const std::span<float> bias = tensor(net, "maps.bias");
  const float before = bias[1];
  bias[1] = -1000;
  Watch watch(net, trainer.options());
  trainer.run({.on_epoch = [&](const EpochResult& result) { bias[1] = result.epoch == 3 ? before : -1000; },
               .observer = &watch});
  const std::int64_t expected[] = {0, 0, 1, 0, 0};
  for (std::size_t i = 0; i < 5; ++i)
    EXPECT_EQ(trainer.state().history[i].health.layers[0].silent, expected[i]) << i;
}

TEST(Watch, FindsSaturationAndVanishingGradients) {
  Net flat = net_of(watched_net("tanh"));
  Trainer flat_trainer(flat, much_data(), {.epochs = 1, .batch = 16});
  for (float& weight : tensor(flat, "more.weight")) weight *= 1e5F;
  const std::vector<Finding> found = find_faults(watched(flat, flat_trainer).back().health);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].rule, "saturated_layer");
  EXPECT_EQ(found[0].layer, "more");

  Net deep = net_of(stack("sigmoid"));
  Trainer deep_trainer(deep, much_data(), {.epochs = 1, .batch = 16});
  const std::vector<Finding> vanishing = find_faults(watched(deep, deep_trainer).back().health);
  ASSERT_EQ(vanishing.size(), 1U);
  EXPECT_EQ(vanishing[0].rule, "vanishing_gradient_flow");
}

TEST(Watch, FindsNothingInHealthyTraining) {
  for (const char* const activation : {"relu", "tanh", "leaky_relu", "sigmoid"}) {
    Net net = net_of(watched_net(activation));
    const bool slow = std::string(activation) == "sigmoid";
    Trainer trainer(net, much_data(), {.epochs = 6, .batch = 16, .seed = 1, .rate = slow ? 0.3 : 0.004});
    const std::vector<EpochResult> history = watched(net, trainer);
    for (const EpochResult& result : history) {
      for (const Finding& finding : find_faults(result.health))
        ADD_FAILURE() << activation << ", epoch " << result.epoch << ": " << finding.what;
    }
  }
}

// Where an epoch has few steps, several are judged together.
TEST(Watch, JudgesNotByAFewImages) {
  Net net = net_of(watched_net("relu"));
  Trainer trainer(net, sample_data(),
                  {.epochs = 3, .batch = 48});  // 11 steps an epoch, the last of 20 images
  const std::vector<EpochResult> history = watched(net, trainer);
  EXPECT_TRUE(history[0].health.layers.empty());
  EXPECT_TRUE(history[1].health.layers.empty());
  ASSERT_FALSE(history[2].health.layers.empty());
  EXPECT_EQ(history[2].health.layers[0].images, 48 + 48 + 20);
  EXPECT_EQ(find_faults(history[0].health).size(), 0U);
}

TEST(Watch, CountsOnAfterAnInterruption) {
  const TestFolder folder;
  const std::filesystem::path path = folder / "resume.safetensors";
  const TrainOptions options{.epochs = 2, .batch = 16};
  Net whole = net_of(watched_net("relu"));
  Trainer unbroken(whole, much_data(), options);
  const std::vector<EpochResult> expected = watched(whole, unbroken);
  for (const std::uint64_t stop : {20, 124, 125, 140}) {  // 125 steps an epoch; 124: in its test
    Net net = net_of(watched_net("relu"));
    {
      Trainer trainer(net, much_data(), options);
      Watch watch(net, trainer.options());
      trainer.run({.on_step = [&](const Progress&) { return trainer.state().step < stop; },
                   .on_test = [&](std::size_t) { return stop != 124; },
                   .observer = &watch});
      save_checkpoint(path, trainer, "data");
    }
    Net again = net_of(watched_net("relu"));
    Trainer trainer(again, much_data(), options);
    load_checkpoint(SafetensorsFile::read(path, true), trainer, "data");
    const std::vector<EpochResult> history = watched(again, trainer);
    ASSERT_EQ(history.size(), 2U);
    for (std::size_t epoch = 0; epoch < 2; ++epoch) {
      const EpochHealth& got = history[epoch].health;
      const EpochHealth& wanted = expected[epoch].health;
      ASSERT_EQ(got.layers.size(), wanted.layers.size()) << "stopped at step " << stop;
      for (std::size_t i = 0; i < got.layers.size(); ++i) {
        EXPECT_EQ(got.layers[i].images, wanted.layers[i].images);
        EXPECT_EQ(got.layers[i].dead, wanted.layers[i].dead);
        EXPECT_EQ(got.layers[i].zero_share, wanted.layers[i].zero_share);
      }
      ASSERT_EQ(got.gradients.size(), wanted.gradients.size());
      for (std::size_t i = 0; i < got.gradients.size(); ++i)
        EXPECT_EQ(got.gradients[i].norm, wanted.gradients[i].norm);
    }
  }
}

}  // namespace
}  // namespace halfwave
