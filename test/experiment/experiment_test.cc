// Experiments: their nets fit any pictures, and their verdicts follow from the numbers, for the claim and
// against it.
#include "halfwave/experiment/experiment.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "../train/sample_data.h"
#include "common/error_message.h"

namespace halfwave {
namespace {

class Pictures : public SampleData {
 public:
  explicit Pictures(const Shape& shape) : SampleData(100, 1), shape_(shape) {}
  Shape shape() const override { return shape_; }

 private:
  Shape shape_;
};

const Pictures grey({28, 28, 1});
const Pictures colour({32, 32, 3});

TEST(Experiments, AreNamedAndExplained) {
  std::set<std::string_view> names;
  for (const Experiment& experiment : experiments()) {
    EXPECT_TRUE(names.insert(experiment.name).second) << experiment.name;
    for (const std::string_view text : {experiment.claim, experiment.source, experiment.setup})
      EXPECT_GT(text.size(), 20U);
    EXPECT_NE(experiment.setup.find("It holds if"), std::string_view::npos) << experiment.name;
    EXPECT_EQ(experiment_by_name(experiment.name).name, experiment.name);
  }
  EXPECT_EQ(names.size(), 7U);
  EXPECT_NE(message([] { experiment_by_name("alexnett"); }).find("did you mean 'alexnet'?"),
            std::string::npos);
}

TEST(Experiments, HaveNetsForAnyPictures) {
  for (const Experiment& experiment : experiments()) {
    if (experiment.table != nullptr) continue;
    for (const bool full : {false, true}) {
      for (const Pictures* data : {&grey, &colour}) {
        ExperimentPlan plan = experiment.plan(*data, full);
        EXPECT_GE(plan.contestants.size(), 2U);
        for (const Contestant& contestant : plan.contestants) {
          const Net net(contestant.net);
          EXPECT_EQ(net.input(), data->shape());
          EXPECT_EQ(net.output().size(), 4U);
        }
        plan.options.setup.train.resolve();
      }
    }
  }
}

// What the judges read of a run.
ComparedRun run(double accuracy, double loss, double seconds) {
  ComparedRun result{.seed = 1};
  for (std::int64_t epoch = 1; epoch <= 4; ++epoch) {
    result.history.push_back({.epoch = epoch,
                              .train_loss = loss,
                              .train_accuracy = accuracy * static_cast<double>(epoch) / 4,
                              .test_accuracy = accuracy,
                              .seconds = seconds});
    result.history.back().health.layers = {{.name = "linear1", .units = 2, .dead = 1, .zero_share = 0.5},
                                           {.name = "linear2"}};
  }
  result.inspection.layers = {{.name = "linear1", .kind = "linear", .activation = "relu", .can_rest = true},
                              {.name = "linear2", .kind = "linear", .activation = "linear"}};
  result.inspection.layers[0].units = {UnitHealth{.active_share = 1}, UnitHealth{.active_share = 1}};
  return result;
}

// As many contestants as the experiment has; change(run, contestant, seed).
template <class Change>
Outcome judged(const char* name, Change&& change) {
  const Experiment& experiment = experiment_by_name(name);
  const std::size_t count = experiment.table != nullptr ? 2 : experiment.plan(grey, false).contestants.size();
  Comparison comparison{.epochs = 4, .finished = true};
  for (std::size_t i = 0; i < count; ++i) {
    comparison.contestants.push_back(
        {.name = "c" + std::to_string(i), .rate = {.best = 0.1}, .time = {1e-6, 2e-6}});
    for (int seed = 0; seed < 3; ++seed) {
      ComparedRun one = run(0.95, 0.1, 2);
      change(one, i, seed);
      comparison.contestants.back().runs.push_back(std::move(one));
    }
  }
  const Outcome outcome = experiment.judge(comparison, grey);
  EXPECT_NE(outcome.verdict, "");
  EXPECT_EQ(outcome.verdict.find('\n'), std::string::npos);
  EXPECT_EQ(outcome.svg.find("<svg"), 0U);
  EXPECT_EQ(outcome.svg.find("nan"), std::string::npos) << outcome.svg;
  EXPECT_GT(std::count(outcome.table.begin(), outcome.table.end(), '\n'), static_cast<int>(count));
  return outcome;
}

// How many epochs until more than 88 % are right.
TEST(Experiments, AlexnetAsksForTwiceTheEpochs) {
  const auto with = [](double relu, double tanh) {
    return judged("alexnet", [&](ComparedRun& one, std::size_t contestant, int seed) {
      for (EpochResult& epoch : one.history) {
        const double at = contestant == 0 ? relu : tanh;
        epoch.train_accuracy = 0.89 - (static_cast<double>(epoch.epoch) < at ? 0.02 + 0.001 * seed : 0);
      }
    });
  };
  const Outcome holds = with(1, 4);
  EXPECT_TRUE(holds.holds) << holds.verdict;
  EXPECT_FALSE(with(4, 1).holds);
  EXPECT_FALSE(with(2, 2).holds);
  EXPECT_NE(with(1, 9).verdict.find("more than"), std::string::npos) << "tanh never got there";
}

TEST(Experiments, VanishingLooksAtTheFactorOfALayer) {
  const auto with = [](double sigmoid, double others) {
    return judged("vanishing", [&](ComparedRun& one, std::size_t contestant, int) {
      for (int layer = 0; layer < 21; ++layer) {
        const double factor = contestant == 0 ? sigmoid : others;
        one.start_gradients.push_back(
            {.name = "linear" + std::to_string(layer + 1), .norm = std::pow(factor, 20 - layer)});
      }
      one.inspection.gradients = one.start_gradients;
    });
  };
  const Outcome outcome = with(0.25, 0.9);
  EXPECT_TRUE(outcome.holds);
  EXPECT_NE(outcome.verdict.find("multiplied by 0.25 with sigmoid"), std::string::npos) << outcome.verdict;
  EXPECT_FALSE(with(0.5, 0.9).holds);
  EXPECT_FALSE(with(0.25, 0.5).holds);
}

TEST(Experiments, CostLooksAtEverySeedAndPass) {
  const auto with = [](double sigmoid, double backward) {
    Comparison comparison{.epochs = 4, .finished = true};
    for (std::size_t i = 0; i < 3; ++i) {
      comparison.contestants.push_back(
          {.name = "c", .time = {i == 0 ? 1e-6 : 2e-6, i == 0 ? 2e-6 : backward}});
      for (int seed = 0; seed < 3; ++seed)
        comparison.contestants[i].runs.push_back(run(0.9, 0.1, i == 0 ? 2 : seed == 1 ? sigmoid : 3));
    }
    return experiment_by_name("cost").judge(comparison, grey).holds;
  };
  EXPECT_TRUE(with(3, 3e-6));
  EXPECT_FALSE(with(1.9, 3e-6)) << "one seed is enough against it";
  EXPECT_FALSE(with(3, 1e-6));
}

TEST(Experiments, SparsityAsksForHalf) {
  const auto with = [](double relu, double tanh) {
    return judged("sparsity", [&](ComparedRun& one, std::size_t contestant, int) {
      one.inspection.layers[0].zero_share = contestant == 0 ? relu : contestant == 2 ? tanh : 0;
    });
  };
  EXPECT_TRUE(with(0.6, 0).holds);
  EXPECT_FALSE(with(0.4, 0).holds);
  EXPECT_FALSE(with(0.6, 0.1).holds);
}

TEST(Experiments, CentringComparesWithTanh) {
  const auto with = [](double relu) {
    return judged("centring", [&](ComparedRun& one, std::size_t contestant, int seed) {
      one.inspection.layers[0].off_centre = (contestant == 0   ? 0.7
                                             : contestant == 1 ? relu
                                                               : -0.1) +
                                            0.001 * seed * static_cast<double>(contestant);
    });
  };
  EXPECT_TRUE(with(0.5).holds);
  EXPECT_FALSE(with(0.1).holds);
}

TEST(Experiments, DyingAsksForATenth) {
  const auto with = [](std::size_t relu, std::size_t leaky) {
    return judged("dying", [&](ComparedRun& one, std::size_t contestant, int) {
      auto& units = one.inspection.layers[0].units;
      units.assign(20, UnitHealth{.active_share = 1});
      for (std::size_t i = 0; i < (contestant == 0 ? relu : contestant == 1 ? leaky : 0); ++i)
        units[i].active_share = 0;
    });
  };
  EXPECT_TRUE(with(2, 0).holds);
  EXPECT_NE(with(2, 0).verdict.find("2 of 20 units are dead with relu (10 %)"), std::string::npos);
  EXPECT_FALSE(with(1, 0).holds);
  EXPECT_FALSE(with(5, 1).holds);
}

TEST(Experiments, OutputAsksForTheVarianceThatIsThere) {
  const auto with = [](double linear, double relu) {
    return judged("output", [&](ComparedRun& one, std::size_t contestant, int) {
      one.history.back().test_accuracy = contestant == 0 ? linear : relu;
    });
  };
  EXPECT_TRUE(with(0.95, 0.5).holds);
  EXPECT_FALSE(with(0.8, 0.5).holds);
  EXPECT_FALSE(with(0.95, 0.7).holds);
}

// A run that failed is for no claim.
TEST(Experiments, AFailureDoesNotHold) {
  for (const char* const name : {"dying", "sparsity", "output"}) {
    const Outcome outcome = judged(name, [](ComparedRun& one, std::size_t contestant, int seed) {
      one.inspection.layers[0].zero_share = contestant == 0 ? 0.9 : 0;
      one.history.back().test_accuracy = contestant == 0 ? 0.95 : 0.4;
      one.inspection.layers[0].units = {UnitHealth{.active_share = contestant == 0 ? 0.0 : 1.0}};
      if (seed == 1 && contestant == 1) one.failure = "the loss is no longer finite";
    });
    EXPECT_FALSE(outcome.holds) << name;
    EXPECT_NE(outcome.table.find("1 of 3 failed"), std::string::npos) << outcome.table;
  }
}

}  // namespace
}  // namespace halfwave
