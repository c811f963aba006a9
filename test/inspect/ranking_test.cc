// Who is better than whom: by known values of Student's distribution, and by how often chance is called a
// win.
#include "halfwave/inspect/ranking.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "halfwave/base/random.h"

namespace halfwave {
namespace {

using Results = std::vector<std::vector<double>>;

// Two-sided 5 % points (Abramowitz and Stegun 1964, table 26.10), and values of the closed forms for 1 and 2
// degrees of freedom.
TEST(Student, HasKnownValues) {
  const std::pair<int, double> points[] = {{1, 12.70620474}, {2, 4.30265273},  {3, 3.18244631},
                                           {4, 2.77644511},  {5, 2.57058184},  {8, 2.30600414},
                                           {9, 2.26215716},  {30, 2.04227246}, {120, 1.97993041}};
  for (const auto& [freedom, t] : points) {
    EXPECT_NEAR(student_p_value(t, freedom), 0.05, 1e-9) << freedom;
    EXPECT_NEAR(student_p_value(-t, freedom), 0.05, 1e-9) << freedom;
  }
  EXPECT_NEAR(student_p_value(1, 1), 0.5, 1e-12);
  EXPECT_NEAR(student_p_value(1, 2), 1 - 1 / std::sqrt(3), 1e-12);
  EXPECT_EQ(student_p_value(0, 5), 1);
  EXPECT_NEAR(student_p_value(std::numeric_limits<double>::infinity(), 4), 0, 1e-12);
}

TEST(Rank, CallsClearDifferences) {
  const std::vector<Ranked> ranking =
      rank(Results{{0.70, 0.71, 0.72}, {0.90, 0.91, 0.93}, {0.89, 0.92, 0.92}});
  EXPECT_EQ(ranking[0].contestant, 1U);
  EXPECT_EQ(ranking[0].place, 1U);
  EXPECT_NEAR(ranking[0].mean, 0.9133333, 1e-6);
  EXPECT_NEAR(ranking[0].deviation, 0.0152753, 1e-6);
  EXPECT_EQ(ranking[1].contestant, 2U);
  EXPECT_EQ(ranking[1].place, 1U) << "not worse by more than chance";
  EXPECT_EQ(ranking[2].contestant, 0U);
  EXPECT_EQ(ranking[2].place, 3U);
}

// Of two contestants it is the paired t-test: differences 1, 2, 3 give t = 2 sqrt(3), p = 0.074; 2, 3, 4 give
// t = 3 sqrt(3), p = 0.035.
TEST(Rank, OfTwoIsThePairedTest) {
  EXPECT_EQ(rank(Results{{11, 22, 33}, {10, 20, 30}})[1].place, 1U);
  EXPECT_EQ(rank(Results{{12, 23, 34}, {10, 20, 30}})[1].place, 2U);
}

TEST(Rank, ClaimsNothingFromOneTrial) {
  for (const Ranked& ranked : rank(Results{{0.1}, {0.9}})) EXPECT_EQ(ranked.place, 1U);
}

TEST(Rank, PutsFailuresLast) {
  constexpr double failed = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Ranked> ranking = rank(Results{{0.99, failed, 0.99}, {0.1, 0.2, 0.1}, {0.1, 0.3, 0.1}});
  EXPECT_EQ(ranking[2].contestant, 0U);
  EXPECT_EQ(ranking[2].place, 3U);
  EXPECT_NEAR(ranking[2].mean, 0.99, 1e-12);
  EXPECT_EQ(ranking[1].place, 1U);
}

TEST(Rank, ExactResultsDifferWhereTheyDo) {
  const std::vector<Ranked> ranking = rank(Results{{0.5, 0.5}, {0.6, 0.6}, {0.5, 0.5}});
  EXPECT_EQ(ranking[0].contestant, 1U);
  EXPECT_EQ(ranking[1].place, 2U);
  EXPECT_EQ(ranking[2].place, 2U);
}

// All are drawn alike: in at most 5 % of rankings is anyone called better. Of 2000 rankings 5 % are 100, with
// a standard deviation of 10.
TEST(Rank, SeldomCallsNoiseAWin) {
  for (const std::size_t trials : {2, 3, 5}) {
    int wrong = 0;
    for (std::uint64_t i = 0; i < 2000; ++i) {
      RandomStream random(7, RandomPurpose::test, i);
      Results results(5, std::vector<double>(trials));
      std::vector<double> luck(trials);  // of a seed, for all
      for (double& each : luck) each = 3 * random.normal();
      for (auto& contestant : results) {
        for (std::size_t trial = 0; trial < trials; ++trial)
          contestant[trial] = luck[trial] + random.normal();
      }
      bool any = false;
      for (const Ranked& ranked : rank(results)) any = any || ranked.place > 1;
      wrong += any ? 1 : 0;
    }
    EXPECT_LE(wrong, 130) << trials;
    EXPECT_GE(wrong, 20) << "so careful that it would say nothing";
  }
}

}  // namespace
}  // namespace halfwave
