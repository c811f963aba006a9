// Sharing a batch out to threads, in parts, changes nothing but the order of sums.
#include "halfwave/net/inference.h"

#include <gtest/gtest.h>

#include "halfwave/base/parallel.h"
#include "halfwave/net/built_in.h"
#include "net_testing.h"

namespace halfwave {
namespace {

// One image at a time on one plan.
std::vector<float> one_by_one(const Net& net, std::span<const float> x) {
  Plan plan(net, {.batch = 1});
  std::vector<float> all;
  for (std::size_t i = 0; i < x.size(); i += net.input().size()) {
    const float* y = plan.forward(x.data() + i, 1);
    all.insert(all.end(), y, y + net.output().size());
  }
  return all;
}

void expect_same(const Net& net, std::int64_t batch) {
  SCOPED_TRACE(net.spec().name);
  const std::size_t inputs = net.input().size();
  const std::size_t outputs = net.output().size();
  const std::vector<float> x = normal_values(3, static_cast<std::size_t>(batch) * inputs);
  const std::vector<float> expected = one_by_one(net, x);
  for (const int threads : {1, 2, 3}) {
    SCOPED_TRACE(threads);
    const ThreadScope scope(threads);
    Inference inference(net, batch);
    for (std::int64_t n = batch; n >= 1; n = n > 4 ? n / 2 + 1 : n - 1) {
      SCOPED_TRACE(n);
      const std::size_t left = static_cast<std::size_t>(batch - n);  // the last n
      const float* y = inference.forward(x.data() + left * inputs, n);
      expect_near({y, static_cast<std::size_t>(n) * outputs}, std::span(expected).subspan(left * outputs),
                  "y");
    }
  }
}

TEST(Inference, GivesWhatSingleImagesGive) {
  for (const char* const name : {"lenet5", "mnist-example", "resnet20"}) {
    Net net(load_net(name));
    shake(net, 1);
    expect_same(net, 37);
  }
}

// 4.5 million weights are too many for each thread to read.
TEST(Inference, LetsThreadsWorkTogetherOnLargeNets) {
  Net net =
      net_of("input = [1, 1, 3]\nlayers = [ { linear = 3000 }, 'relu', { linear = 1500 }, { linear = 2 } ]");
  shake(net, 1);
  expect_same(net, 9);
  const ThreadScope scope(2);
  EXPECT_EQ(Inference(net, 9).arena_bytes(), Plan(net, {.batch = 9}).arena_bytes());
}

TEST(Inference, TakesTheMemoryOfAFewImages) {
  const Net net(load_net("mnist-example"));
  const ThreadScope scope(2);
  EXPECT_LT(Inference(net, 1000).arena_bytes(), Plan(net, {.batch = 40}).arena_bytes());
}

TEST(Inference, TakesNewValuesByLoad) {
  Net net(load_net("lenet5"));
  shake(net, 1);
  const ThreadScope scope(2);
  Inference inference(net, 20);
  const std::vector<float> x = normal_values(6, 20 * net.input().size());
  inference.forward(x.data(), 20);
  shake(net, 2);
  inference.load();
  const float* y = inference.forward(x.data(), 20);
  expect_near({y, 200}, one_by_one(net, x), "y");
}

TEST(Inference, RunsInsideAParallelLoop) {
  Net net(load_net("lenet5"));
  shake(net, 1);
  const std::vector<float> x = normal_values(6, 20 * net.input().size());
  const std::vector<float> expected = one_by_one(net, x);
  const ThreadScope scope(2);
  Inference outside(net, 20);
  std::vector<std::vector<float>> got(4);
  parallel_for(got.size(), 1, [&](std::size_t begin, std::size_t end, int) {
    for (std::size_t i = begin; i < end; ++i) {
      Inference own(net, 20);
      const float* y = (i == 0 ? outside : own).forward(x.data(), 20);
      got[i].assign(y, y + 200);
    }
  });
  for (const std::vector<float>& y : got) expect_near(y, expected, "y");
}

TEST(Inference, CountsTheTimeOfThreadsSideBySideOnce) {
  const Net net(load_net("lenet5"));
  const ThreadScope scope(2);
  Inference inference(net, 64);
  const std::vector<float> x = normal_values(6, 64 * net.input().size());
  inference.forward(x.data(), 64);
  inference.profile();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) inference.forward(x.data(), 64);
  const double all = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  double steps = 0;
  for (const StepCost& cost : inference.costs()) steps += cost.forward;
  EXPECT_GT(steps, 0);
  EXPECT_LE(steps, all);
}

}  // namespace
}  // namespace halfwave
