// A rate that is looked for: the best of those tried, with worse ones on both sides, the same each time.
#include "halfwave/train/rate_search.h"

#include <gtest/gtest.h>

#include <cmath>

#include "../net/net_testing.h"
#include "common/error_message.h"
#include "sample_data.h"

namespace halfwave {
namespace {

NetSpec searched_net(const std::string& activation = "relu") {
  return parse_net("input = [8, 8, 1]\nactivation = '" + activation +
                       "'\nlayers = [ { linear = 16 }, 'activation', { linear = 4 } ]",
                   "test");
}

TEST(RateSearch, EndsBetweenWorseRates) {
  for (const double first : {0.02, 0.05, 5.0}) {
    const RateSearch search = search_rate(searched_net(), sample_data(), {.batch = 16, .rate = first}, 60);
    ASSERT_GE(search.trials.size(), 3U);
    std::size_t best = 0;
    for (std::size_t i = 0; i < search.trials.size(); ++i) {
      const RateTrial& trial = search.trials[i];
      const double before = i > 0 ? search.trials[i - 1].rate : trial.rate / std::sqrt(10);
      EXPECT_NEAR(trial.rate / before, std::sqrt(10), 1e-9);
      if (trial.loss < search.trials[best].loss) best = i;
    }
    EXPECT_EQ(search.best, search.trials[best].rate);
    EXPECT_GT(best, 0U) << first;
    EXPECT_LT(best, search.trials.size() - 1) << first;
  }
}

TEST(RateSearch, FindsTheSameAgain) {
  const RateSearch one = search_rate(searched_net(), sample_data(), {.batch = 16}, 40);
  const RateSearch two = search_rate(searched_net(), sample_data(), {.batch = 16}, 40);
  EXPECT_EQ(one.best, two.best);
  ASSERT_EQ(one.trials.size(), two.trials.size());
  for (std::size_t i = 0; i < one.trials.size(); ++i) EXPECT_EQ(one.trials[i].loss, two.trials[i].loss);
}

// A sigmoid wants a higher rate than a relu.
TEST(RateSearch, SuitsTheActivation) {
  const TrainOptions options{.batch = 16};
  EXPECT_GT(search_rate(searched_net("sigmoid"), sample_data(), options, 60).best,
            search_rate(searched_net("relu"), sample_data(), options, 60).best);
}

TEST(RateSearch, CanBeStopped) {
  int calls = 0;
  const RateSearch search = search_rate(searched_net(), sample_data(), {.batch = 16}, 60,
                                        [&](std::size_t, double) { return ++calls < 70; });
  EXPECT_EQ(search.best, 0);
  EXPECT_EQ(calls, 70);
}

TEST(RateSearch, SaysSoWhereEveryRateFails) {
  const NetSpec wild = parse_net(
      "input = [8, 8, 1]\nlayers = [ { linear = 16 }, 'relu', { linear = 4 } ]\nloss = 'mean_squared_error'",
      "test");
  const std::string said =
      message([&] { search_rate(wild, sample_data(), {.batch = 16, .rate = 900, .momentum = 0.99}, 200); });
  EXPECT_EQ(said.find("with every learning rate from 0.9 to "), 0U) << said;
}

}  // namespace
}  // namespace halfwave
