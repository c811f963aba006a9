#include "halfwave/train/predictor.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>
#include <thread>

#include "common/allocation_count.h"
#include "common/error_message.h"
#include "sample_data.h"

namespace halfwave {
namespace {

Model sample_model() {
  Model model{Net(parse_net(sample_net(), "test")), {{"a", "b", "c", "d"}, {{0.3F}, {0.2F}}}};
  model.net.initialise(9);
  return model;
}

TEST(Predictor, SharesSumToOne) {
  const Model model = sample_model();
  const Predictor predictor(model);
  const std::vector<float> shares = predictor.predict({100, 60, 3, std::vector<std::uint8_t>(18000, 77)});
  ASSERT_EQ(shares.size(), 4U);
  EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-6);
}

// Once it has met a picture nothing stays taken; oneDNN takes a small table for each product and gives it
// back.
TEST(Predictor, TakesNoMemoryAfterTheFirstPicture) {
  const Model model = sample_model();
  const Predictor predictor(model);
  const std::vector<std::uint8_t> pixels(64, 99);
  std::vector<float> shares(4);
  predictor.predict(pixels, shares);
  const AllocationCount before = allocation_count();
  for (int i = 0; i < 10; ++i) predictor.predict(pixels, shares);
  const AllocationCount after = allocation_count();
  EXPECT_EQ(after.taken - after.given_back, before.taken - before.given_back);
}

TEST(Predictor, RefusesScoresThatAreNotFinite) {
  Model model = sample_model();
  model.net.parameters()[0] = std::numeric_limits<float>::quiet_NaN();
  const Predictor predictor(model);
  EXPECT_EQ(message([&] {
              predictor.predict({8, 8, 1, std::vector<std::uint8_t>(64, 9)});
            }),
            "the model gives no finite scores: it is broken");
}

TEST(Predictor, GivesTheSameInManyThreads) {
  const Model model = sample_model();
  const Predictor predictor(model);
  const SampleData data(40, 3);
  const auto predict = [&](std::size_t i) {
    std::vector<std::uint8_t> pixels(64);
    std::vector<float> values(64);
    data.get(i, values.data());
    to_bytes(values.data(), values.size(), pixels.data());
    std::vector<float> shares(4);
    predictor.predict(pixels, shares);
    return shares;
  };
  std::vector<std::vector<float>> expected;
  for (std::size_t i = 0; i < data.size(); ++i) expected.push_back(predict(i));
  std::vector<int> wrong(4, 0);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < wrong.size(); ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t i = 0; i < data.size(); ++i) wrong[t] += predict(i) == expected[i] ? 0 : 1;
      });
    }
  }
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace halfwave
