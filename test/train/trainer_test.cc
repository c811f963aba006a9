#include "halfwave/train/trainer.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "common/allocation_count.h"
#include "common/error_message.h"
#include "common/test_folder.h"
#include "halfwave/base/parallel.h"
#include "halfwave/train/run_folder.h"
#include "sample_data.h"

namespace halfwave {
namespace {

TrainOptions short_run(OptimiserKind optimiser = OptimiserKind::sgd) {
  return {.epochs = 3, .batch = 48, .optimiser = optimiser};  // 11 steps an epoch, the last one of 20 images
}

TEST(Trainer, Learns) {
  Net net(parse_net(sample_net(), "test"));
  Trainer trainer(net, sample_data(), short_run());
  std::vector<EpochResult> epochs;
  EXPECT_TRUE(trainer.run({.on_epoch = [&](const EpochResult& r) { epochs.push_back(r); }}));
  ASSERT_EQ(epochs.size(), 3U);
  EXPECT_GT(epochs.back().test_accuracy, 0.95);
  EXPECT_LT(epochs.back().train_loss, epochs.front().train_loss);
}

TEST(Trainer, SameSeedSameBits) {
  std::vector<float> first;
  for (int repeat = 0; repeat < 2; ++repeat) {
    Net net(parse_net(sample_net(), "test"));
    Trainer trainer(net, sample_data(), short_run());
    trainer.run({});
    if (repeat == 0) first = values_of(net);
    EXPECT_EQ(values_of(net), first);
  }
}

// Broken off at every step in turn, stored, and taken up by a new trainer in a new net.
TEST(Trainer, ResumesToTheSameBitsFromAnyStep) {
  const TestFolder folder;
  const std::filesystem::path path = folder / "resume.safetensors";
  for (const OptimiserKind kind : {OptimiserKind::sgd, OptimiserKind::adam}) {
    Net whole(parse_net(sample_net(), "test"));
    Trainer unbroken(whole, sample_data(), short_run(kind));
    unbroken.run({});
    const auto& expected = unbroken.state().history;
    for (std::uint64_t stop = 1; stop < 33; stop += 3) {
      Net net(parse_net(sample_net(), "test"));
      {
        Trainer trainer(net, sample_data(), short_run(kind));
        trainer.run({.on_step = [&](const Progress&) { return trainer.state().step < stop; }});
        EXPECT_EQ(trainer.state().step, stop);
        save_checkpoint(path, trainer, "data");
      }
      Net again(parse_net(sample_net(), "test"));
      Trainer trainer(again, sample_data(), short_run(kind));
      load_checkpoint(SafetensorsFile::read(path, true), trainer, "data");
      EXPECT_TRUE(trainer.run({}));
      ASSERT_EQ(values_of(again), values_of(whole)) << "stopped at step " << stop;
      ASSERT_EQ(trainer.state().history.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(trainer.state().history[i].train_loss, expected[i].train_loss);
        EXPECT_EQ(trainer.state().history[i].test_loss, expected[i].test_loss);
      }
    }
  }
}

TEST(Trainer, CheckpointsOfAnotherRunAreRefused) {
  const TestFolder folder;
  const std::filesystem::path path = folder / "other.safetensors";
  Net net(parse_net(sample_net(), "test"));
  Trainer trainer(net, sample_data(), short_run());
  save_checkpoint(path, trainer, "data");
  EXPECT_NE(message([&] {
              load_checkpoint(SafetensorsFile::read(path, true), trainer, "others");
            }).find("was made with other data"),
            std::string::npos);
  Trainer adam(net, sample_data(), short_run(OptimiserKind::adam));
  EXPECT_NE(message([&] {
              load_checkpoint(SafetensorsFile::read(path, true), adam, "data");
            }).find("another net or other options"),
            std::string::npos);
  save_model(path, net, trainer.info());
  EXPECT_NE(message([&] {
              load_checkpoint(SafetensorsFile::read(path, true), trainer, "data");
            }).find("no file of Halfwave"),
            std::string::npos);
}

// Broken off in the test behind an epoch, which is then all that is left of it.
TEST(Trainer, ResumesInTheTestOfAnEpoch) {
  const TestFolder folder;
  const std::filesystem::path path = folder / "test.safetensors";
  Net whole(parse_net(sample_net(), "test"));
  Trainer unbroken(whole, sample_data(), short_run());
  unbroken.run({});
  Net net(parse_net(sample_net(), "test"));
  std::size_t seen = 0;
  for (const std::uint64_t epoch : {1, 3}) {
    Trainer trainer(net, sample_data(), short_run());
    if (epoch > 1) load_checkpoint(SafetensorsFile::read(path, true), trainer, "data");
    EXPECT_FALSE(trainer.run({.on_test = [&](std::size_t images) {
      seen = images;
      return trainer.state().epoch + 1 < epoch;
    }}));
    EXPECT_EQ(seen, 48U);  // the first batch of the test
    EXPECT_EQ(trainer.state().history.size(), epoch - 1);
    EXPECT_EQ(trainer.state().step, 11 * epoch);
    save_checkpoint(path, trainer, "data");
  }
  Trainer trainer(net, sample_data(), short_run());
  load_checkpoint(SafetensorsFile::read(path, true), trainer, "data");
  EXPECT_TRUE(trainer.run({}));
  EXPECT_EQ(values_of(net), values_of(whole));
  ASSERT_EQ(trainer.state().history.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(trainer.state().history[i].test_loss, unbroken.state().history[i].test_loss);
    EXPECT_EQ(trainer.state().history[i].rate, unbroken.state().history[i].rate);
  }
}

// Loss and update too; what oneDNN takes for a product it gives back.
TEST(TrainingStep, TakesNoMemoryAfterTheFirstStep) {
  for (const auto& [kind, kernels] : {std::pair(OptimiserKind::sgd, KernelChoice::automatic),
                                      std::pair(OptimiserKind::sgd, KernelChoice::sparse),
                                      std::pair(OptimiserKind::adam, KernelChoice::winograd)}) {
    Net net(parse_net(sample_net(), "test"));
    net.initialise(1);
    TrainOptions options = short_run(kind);
    options.kernels = kernels;
    options.resolve();
    TrainingStep step(net, options, 8);
    const Buffer x(8 * net.input().size());
    const std::vector<int> labels{0, 1, 2, 3, 0, 1, 2, 3};
    step.run(x.data(), {labels}, 0, 0.01);
    const AllocationCount before = allocation_count();
    for (std::uint64_t i = 1; i < 10; ++i) step.run(x.data(), {labels}, i, 0.01);
    const AllocationCount after = allocation_count();
    EXPECT_EQ(after.taken - after.given_back, before.taken - before.given_back);
  }
}

TEST(Trainer, UsesItsNumberOfThreads) {
  const ThreadScope scope(3);
  Net net(parse_net(sample_net(), "test"));
  TrainOptions options = short_run();
  options.threads = 1;
  const Trainer trainer(net, sample_data(), options);
  EXPECT_EQ(thread_count(), 1);
}

// The only update of the epoch makes weights so large that the test overflows.
TEST(Trainer, RefusesATestLossThatIsNotFinite) {
  Net net(parse_net(R"(input = [8, 8, 1]
    layers = [ { linear = 8 }, 'square', { linear = 8 }, 'square', { linear = 8 }, 'square', { linear = 8 }, 'square',
      { linear = 4 } ])",
                    "test"));
  TrainOptions options{.epochs = 1, .batch = 500, .rate = 1, .warm_up = 0};
  Trainer trainer(net, sample_data(), options);
  bool told = false;
  const std::string text =
      message([&] { trainer.run({.on_epoch = [&](const EpochResult&) { told = true; }}); });
  EXPECT_EQ(text,
            "the loss on the test images is no longer finite after epoch 1; try a lower rate (--rate 0.1), a "
            "longer --warm-up, or batch_norm layers");
  EXPECT_FALSE(told);
}

TEST(Trainer, SaysWhereALossStoppedBeingFinite) {
  Net net(parse_net(sample_net(), "test"));
  TrainOptions options = short_run();
  options.rate = 1000;
  options.warm_up = 0;
  Trainer trainer(net, sample_data(), options);
  const std::string text = message([&] { trainer.run({}); });
  EXPECT_NE(text.find("the loss is no longer finite in epoch "), std::string::npos) << text;
  EXPECT_NE(text.find("layer '"), std::string::npos) << text;
  EXPECT_NE(text.find("--rate 100"), std::string::npos) << text;
}

TEST(Trainer, NetAndDataMustFit) {
  Net wide(parse_net("input = [8, 8, 3]\nlayers = [{ linear = 4 }]", "test"));
  EXPECT_NE(message([&] {
              Trainer(wide, sample_data(), {});
            }).find("takes images of 8x8x3, but the data are 8x8x1"),
            std::string::npos);
  Net many(parse_net("input = [8, 8, 1]\nlayers = [{ linear = 5 }]", "test"));
  EXPECT_NE(message([&] { Trainer(many, sample_data(), {}); }).find("5 outputs, but the data have 4 classes"),
            std::string::npos);
}

TEST(RunFolder, KeepsTheCheckpointBefore) {
  const TestFolder home;
  const std::filesystem::path folder = home / "run";
  Net net(parse_net(sample_net(), "test"));
  Trainer trainer(net, sample_data(), short_run());
  const RunFolder run(folder);
  run.create({.net = to_toml(net.spec()), .data = "sample", .train = trainer.options()});
  EXPECT_NE(message([&] { run.create({}); }).find("holds a run already"), std::string::npos);
  EXPECT_EQ(message([&] { run.load(trainer, "data", true); }),
            folder.string() + " has no checkpoint before the last one");
  const auto go_to = [&](std::uint64_t step) {
    trainer.run({.on_step = [&](const Progress&) { return trainer.state().step < step; }});
    run.save(trainer, "data");
  };
  go_to(2);
  go_to(4);
  run.load(trainer, "data", false);
  EXPECT_EQ(trainer.state().step, 4U);
  std::filesystem::resize_file(run.last(), std::filesystem::file_size(run.last()) - 1);
  const std::string text = message([&] { run.load(trainer, "data", false); });
  EXPECT_NE(text.find("checksum does not match"), std::string::npos) << text;
  EXPECT_NE(text.find("go on from it with --previous"), std::string::npos) << text;
  run.load(trainer, "data", true);
  EXPECT_EQ(trainer.state().step, 2U);
  EXPECT_FALSE(std::filesystem::exists(run.last())) << "the damaged one must not take the good one's place";
  run.load(trainer, "data", false);  // as after a stop between the two renames
  EXPECT_EQ(trainer.state().step, 2U);
}

}  // namespace
}  // namespace halfwave
