// Contestants trained alike: same start and batches, kept as it goes, gone on with to the same bits.
#include "halfwave/inspect/comparison.h"

#include "../net/net_testing.h"
#include "../train/sample_data.h"
#include "common/error_message.h"
#include "common/test_folder.h"
#include "halfwave/train/run_folder.h"
#include "planted.h"

namespace halfwave {
namespace {

std::vector<Contestant> contestants(std::initializer_list<const char*> activations) {
  std::vector<Contestant> result;
  for (const char* const activation : activations) {
    result.push_back(
        {activation, parse_net("input = [8, 8, 1]\nactivation = '" + std::string(activation) +
                                   "'\nlayers = [ { conv = 4, kernel = 3 }, 'activation', { max_pool = 2 },"
                                   " { linear = 8 }, 'activation', { linear = 4 } ]",
                               "test")});
  }
  return result;
}

ComparisonOptions quick(double rate = 0.02) {
  return {.setup = {.net = "", .data = "sample", .train = {.epochs = 2, .batch = 20, .rate = rate}},
          .seeds = 2,
          .search_steps = 20};
}

// The bits of the model that a run has come to.
std::vector<float> learned(const std::filesystem::path& run) {
  Model model = load_model(run / "last.safetensors");
  return values_of(model.net);
}

TEST(Compare, TrainsAllAlike) {
  const TestFolder folder;
  const Comparison comparison = compare(contestants({"relu", "tanh"}), sample_data(), quick(), folder / "c");
  EXPECT_TRUE(comparison.finished);
  EXPECT_EQ(comparison.epochs, 2);
  ASSERT_EQ(comparison.contestants.size(), 2U);
  for (const Compared& compared : comparison.contestants) {
    EXPECT_EQ(compared.rate.best, 0.02);
    EXPECT_EQ(compared.rate.trials.size(), 0U);
    EXPECT_EQ(compared.parameters, 4U * 10 + 8 * 37 + 4 * 9);
    EXPECT_GT(compared.time.forward, 0);
    EXPECT_GT(compared.time.backward, 0);
    ASSERT_EQ(compared.runs.size(), 2U);
    for (const ComparedRun& run : compared.runs) {
      EXPECT_EQ(run.failure, "");
      EXPECT_EQ(run.history.size(), 2U);
      EXPECT_EQ(run.inspection.sum.images, 100);
      EXPECT_EQ(run.inspection.layers.size(), 3U);
      EXPECT_EQ(run.inspection.gradients.size(), 3U);
    }
    EXPECT_EQ(compared.runs[0].seed, 1U);
    EXPECT_EQ(compared.runs[1].seed, 2U);
  }
  // Each is what training by itself would have given.
  Net net(contestants({"tanh"})[0].net);
  Trainer trainer(net, sample_data(), {.epochs = 2, .batch = 20, .seed = 2, .rate = 0.02});
  trainer.run({});
  EXPECT_EQ(learned(folder / "c/tanh-2"), values_of(net));
  EXPECT_EQ(comparison.contestants[1].runs[1].history.back().test_loss,
            trainer.state().history.back().test_loss);
}

TEST(Compare, SearchesARateForEachAndKeepsIt) {
  const TestFolder folder;
  const auto both = contestants({"relu", "sigmoid"});
  const Comparison first = compare(both, sample_data(), quick(0), folder / "c");
  for (const Compared& compared : first.contestants) {
    EXPECT_GE(compared.rate.trials.size(), 2U);
    EXPECT_EQ(RunFolder(folder / ("c/" + compared.name + "-2")).open().train.rate, compared.rate.best);
  }
  int searched = 0;
  const Comparison again =
      compare(both, sample_data(), quick(0), folder / "c", [&](const ComparisonProgress& progress) {
        searched += progress.doing.find("rate") != std::string::npos ? 1 : 0;
        return true;
      });
  EXPECT_EQ(searched, 0);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(again.contestants[i].rate.best, first.contestants[i].rate.best);
    ASSERT_EQ(again.contestants[i].rate.trials.size(), first.contestants[i].rate.trials.size());
    for (std::size_t t = 0; t < first.contestants[i].rate.trials.size(); ++t)
      EXPECT_EQ(again.contestants[i].rate.trials[t].loss, first.contestants[i].rate.trials[t].loss);
  }
}

TEST(Compare, GoesOnWhereItWasInterrupted) {
  const TestFolder folder;
  const auto both = contestants({"relu", "tanh"});
  const Comparison whole = compare(both, sample_data(), quick(0), folder / "whole");
  for (const int stop : {5, 60, 150, 230, 300}) {  // in a search and in several runs of 50 steps
    const std::filesystem::path place = folder / std::to_string(stop);
    int calls = 0;
    const Comparison part = compare(both, sample_data(), quick(0), place,
                                    [&](const ComparisonProgress&) { return ++calls < stop; });
    EXPECT_FALSE(part.finished) << stop;
    const Comparison rest = compare(both, sample_data(), quick(0), place);
    EXPECT_TRUE(rest.finished);
    for (const char* const run : {"relu-1", "relu-2", "tanh-1", "tanh-2"})
      EXPECT_EQ(learned(place / run), learned(folder / "whole" / run)) << run << ", stopped at " << stop;
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t seed = 0; seed < 2; ++seed) {
        const ComparedRun& got = rest.contestants[i].runs[seed];
        const ComparedRun& wanted = whole.contestants[i].runs[seed];
        ASSERT_EQ(got.history.size(), wanted.history.size());
        EXPECT_EQ(got.history.back().test_loss, wanted.history.back().test_loss);
        EXPECT_EQ(got.inspection.layers[0].zero_share, wanted.inspection.layers[0].zero_share);
        EXPECT_EQ(got.inspection.gradients[0].norm, wanted.inspection.gradients[0].norm);
      }
    }
  }
}

TEST(Compare, TakesMoreSeedsAndContestantsLater) {
  const TestFolder folder;
  ComparisonOptions options = quick();
  options.seeds = 1;
  compare(contestants({"relu"}), sample_data(), options, folder / "c");
  const std::vector<float> before = learned(folder / "c/relu-1");
  int steps = 0;
  const Comparison more = compare(contestants({"relu", "tanh"}), sample_data(), quick(), folder / "c",
                                  [&](const ComparisonProgress&) { return ++steps > 0; });
  EXPECT_TRUE(more.finished);
  EXPECT_EQ(steps, 3 * 50) << "of four runs one was there";
  EXPECT_EQ(learned(folder / "c/relu-1"), before);
}

TEST(Compare, RefusesAFolderWithOtherRuns) {
  const TestFolder folder;
  const auto both = contestants({"relu", "tanh"});
  compare(both, sample_data(), quick(), folder / "c");
  EXPECT_TRUE(fits(folder / "c", both, quick()));
  EXPECT_TRUE(fits(folder / "c", both, quick(0))) << "the rate may be what will be found";
  EXPECT_TRUE(fits(folder / "none", both, quick()));
  ComparisonOptions longer = quick();
  longer.setup.train.epochs = 3;
  EXPECT_FALSE(fits(folder / "c", both, longer));
  EXPECT_FALSE(fits(folder / "c", both, quick(0.03)));
  const std::string said = message([&] { compare(both, sample_data(), longer, folder / "c"); });
  EXPECT_NE(said.find("relu-1 holds a run of another setup"), std::string::npos) << said;
}

// A loss that is not finite ends a run, not the comparison.
TEST(Compare, ARunThatFailsIsAResult) {
  const TestFolder folder;
  auto two = contestants({"relu", "tanh"});
  two[0].net.loss = "mean_squared_error";
  const Comparison comparison = compare(two, sample_data(), quick(30), folder / "c");
  EXPECT_TRUE(comparison.finished);
  for (const ComparedRun& run : comparison.contestants[0].runs)
    EXPECT_NE(run.failure.find("the loss is no longer finite"), std::string::npos) << run.failure;
  EXPECT_EQ(comparison.contestants[0].time.forward, 0);
  const std::vector<Ranked> ranking = rank(comparison);
  EXPECT_EQ(ranking.back().contestant, 0U);
  EXPECT_EQ(ranking.back().place, 2U);
}

TEST(Compare, ADamagedListOfRatesIsNamed) {
  const TestFolder folder;
  const auto one = contestants({"relu"});
  make_folder(folder / "c");
  write_file(folder / "c/rates.json", "{");
  const std::string said = message([&] { compare(one, sample_data(), quick(0), folder / "c"); });
  EXPECT_NE(said.find("rates.json"), std::string::npos) << said;
  EXPECT_NE(said.find("remove it"), std::string::npos) << said;
}

}  // namespace
}  // namespace halfwave
