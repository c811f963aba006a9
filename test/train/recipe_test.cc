// The parts of a recipe that the whole loop takes part in: averages, patience, clipping, balanced classes,
// augmentation; and that a run with all of them goes on to the same bits.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "common/test_folder.h"
#include "halfwave/train/checkpoint.h"
#include "halfwave/train/trainer.h"
#include "sample_data.h"

namespace halfwave {
namespace {

Net sample() { return Net(parse_net(sample_net(), "test")); }

TEST(Recipe, TheAverageFollowsTheWeights) {
  Net net = sample();
  net.initialise(1);
  AveragedNet average(net);
  EXPECT_EQ(values_of(average.net()), values_of(net));
  double expected = static_cast<double>(net.parameters()[0]);
  for (std::uint64_t count = 1; count <= 200; ++count) {
    net.parameters()[0] = static_cast<float>(count);
    average.take_in(net, 0.9, count);
    const auto n = static_cast<double>(count);
    const double decay = std::min(0.9, (1 + n) / (10 + n));
    expected = decay * expected + (1 - decay) * n;
    // Of about ten values that count, each rounded once.
    EXPECT_NEAR(average.net().parameters()[0], expected, 1e-6 * n);
  }
}

TEST(Recipe, TheAverageIsWhatIsTested) {
  Net net = sample();
  Trainer trainer(net, sample_data(), {.epochs = 3, .batch = 48, .average = 0.9});
  trainer.run({});
  EXPECT_NE(values_of(trainer.model_net()), values_of(net));
  Inference inference(trainer.model_net(), 20);
  const Evaluation test = evaluate(trainer.model_net(), inference, sample_data().test, trainer.info());
  EXPECT_DOUBLE_EQ(test.sum.accuracy(), trainer.state().history.back().test_accuracy);
  EXPECT_NEAR(test.sum.mean_loss(), trainer.state().history.back().test_loss, 1e-5);
}

// At so high a rate that nothing is learned any more.
TEST(Recipe, PatienceEndsARunThatGetsNoBetter) {
  Net net = sample();
  Trainer trainer(
      net, sample_data(),
      {.epochs = 50, .batch = 48, .rate = 1e-9, .schedule = ScheduleKind::constant, .patience = 2});
  EXPECT_TRUE(trainer.run({}));
  EXPECT_TRUE(trainer.is_out_of_patience());
  const auto& history = trainer.state().history;
  EXPECT_LT(history.size(), 50U);
  ASSERT_GE(history.size(), 3U);
  EXPECT_TRUE(history[history.size() - 3].best);
  EXPECT_FALSE(history[history.size() - 2].best || history.back().best);
  EXPECT_TRUE(trainer.run({})) << "there is nothing left to do";
  EXPECT_LT(history.size(), 50U);
}

// With clipping to a tiny norm plain SGD moves the weights by rate x norm a step.
TEST(Recipe, GradientsAreClipped) {
  Net net = sample();
  TrainOptions options{
      .epochs = 1, .rate = 1, .momentum = 0, .nesterov = false, .weight_decay = 0, .clip_norm = 1e-3};
  options.resolve();
  net.initialise(1);
  const std::vector<float> before(net.parameters().begin(), net.parameters().end());
  TrainingStep step(net, options, 4);
  const std::vector<int> labels{0, 1, 2, 3};
  Buffer x(4 * 64);
  for (std::size_t i = 0; i < 256; ++i) x[i] = static_cast<float>(i % 7) - 3;
  step.run(x.data(), {labels}, 0, 1);
  double squares = 0;
  for (std::size_t i = 0; i < before.size(); ++i)
    squares += std::pow(static_cast<double>(net.parameters()[i]) - static_cast<double>(before[i]), 2);
  // The weights are rounded to 6e-8 of values up to 1, some thousand times.
  EXPECT_NEAR(std::sqrt(squares), 1e-3, 1e-5);
}

// Class 0 is nine tenths of the data. Of a net without inputs, only biases, the scores tell the shares it was
// taught.
class Uneven : public SampleData {
 public:
  Uneven() : SampleData(400, 1) {}
  int label(std::size_t i) const override { return i % 10 == 0 ? 1 + static_cast<int>(i / 10 % 3) : 0; }
  void get(std::size_t, float* values) const override { std::fill_n(values, 64, 0.5F); }
};

TEST(Recipe, RareClassesCountMoreWhereBalanced) {
  const auto share_of_first = [](bool balanced) {
    Net net(parse_net("input = [8, 8, 1]\nlayers = [{ linear = 4 }]", "test"));
    const auto data = std::make_shared<Uneven>();
    Trainer trainer(net, {.name = "uneven", .kind = "made", .train = data, .test = data},
                    {.epochs = 30, .batch = 400, .rate = 1, .balance_classes = balanced});
    trainer.run({});
    const Net::Tensor bias = net.tensors()[1];
    double sum = 0;
    for (const float value : bias.values) sum += std::exp(static_cast<double>(value));
    return std::exp(static_cast<double>(bias.values[0])) / sum;
  };
  EXPECT_NEAR(share_of_first(false), 0.9, 0.05);
  EXPECT_NEAR(share_of_first(true), 0.25, 0.03);
}

TEST(Recipe, ARunWithAllOfItGoesOnToTheSameBits) {
  const TestFolder folder;
  const std::filesystem::path path = folder / "recipe.safetensors";
  for (const OptimiserKind kind : {OptimiserKind::adamw, OptimiserKind::rmsprop}) {
    const TrainOptions options{.epochs = 3,
                               .batch = 48,
                               .optimiser = kind,
                               .clip_norm = 1,
                               .schedule = ScheduleKind::one_cycle,
                               .label_smoothing = 0.1,
                               .balance_classes = true,
                               .average = 0.9,
                               .patience = 100,
                               .augment = "flip,crop=1,rotate=5,jitter=0.1,cutout=2,mixup=0.5"};
    Net whole = sample();
    Trainer unbroken(whole, sample_data(), options);
    unbroken.run({});
    for (const std::uint64_t stop : {1U, 7U, 11U, 20U, 32U}) {
      Net net = sample();
      {
        Trainer trainer(net, sample_data(), options);
        trainer.run({.on_step = [&](const Progress&) { return trainer.state().step < stop; }});
        save_checkpoint(path, trainer, "sample");
      }
      Net resumed = sample();
      Trainer trainer(resumed, sample_data(), options);
      load_checkpoint(SafetensorsFile::read(path, true), trainer, "sample");
      trainer.run({});
      EXPECT_EQ(values_of(resumed), values_of(whole)) << stop;
      EXPECT_EQ(values_of(trainer.model_net()), values_of(unbroken.model_net())) << stop;
      EXPECT_EQ(trainer.state().history.back().test_loss, unbroken.state().history.back().test_loss);
    }
  }
}

}  // namespace
}  // namespace halfwave
