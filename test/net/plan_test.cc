// What a plan promises besides the values: any batch up to its own, many threads on one net, no memory taken
// after the first step, the same bits again.
#include <gtest/gtest.h>

#include <thread>

#include "common/allocation_count.h"
#include "halfwave/net/inference.h"
#include "net_testing.h"

namespace halfwave {
namespace {

constexpr const char* small_net = R"(input = [8, 8, 3]
  layers = [ { conv = 6, kernel = 3, pad = 1 }, 'relu', { max_pool = 2 },
    { conv = 20, kernel = 3, pad = 1, bias = false }, 'batch_norm', { layer = 'tanh', name = 't' },
    { conv = 20, kernel = 3, pad = 1 }, 'prelu', { layer = 'local_response_norm', name = 'l' }, { add = ['t', 'l'] },
    { avg_pool = 2 }, { dropout = 0.2 }, { linear = 12 }, 'maxout', { linear = 4 } ])";

// Sums over other numbers of images are made in another order; one image's outputs never depend on the others
// in inference.
TEST(Plan, RunsAnyBatchUpToItsOwn) {
  Net net = net_of(small_net);
  shake(net, 1);
  const std::size_t size = net.input().size();
  const std::vector<float> x = normal_values(2, 7 * size);
  Plan plan(net, {.batch = 7});
  const float* all = plan.forward(x.data(), 7);
  const std::vector<float> expected(all, all + 28);
  for (const std::int64_t n : {1, 3, 7, 2}) {
    for (std::int64_t first = 0; first + n <= 7; first += n) {
      const float* y = plan.forward(x.data() + static_cast<std::size_t>(first) * size, n);
      expect_near(
          {y, static_cast<std::size_t>(n) * 4},
          std::span(expected).subspan(static_cast<std::size_t>(first) * 4, static_cast<std::size_t>(n) * 4),
          "y");
    }
  }
}

// The gradients of a batch are the sum of those of its parts (without batch norm and dropout, which look at
// the batch); the plan of a large batch gives the small ones right.
TEST(Plan, AddsUpTheGradientsOfParts) {
  Net net = net_of(R"(input = [6, 6, 2]
    layers = [ { conv = 5, kernel = 3 }, 'relu', { max_pool = 2 }, { linear = 7 }, 'tanh', { linear = 3 } ])");
  shake(net, 1);
  const std::size_t size = net.input().size();
  const std::vector<float> x = normal_values(2, 6 * size);
  const std::vector<float> dy = normal_values(3, 6 * 3);
  Plan plan(net, {.batch = 6, .training = true});
  const auto gradients = [&](std::int64_t part) {
    Buffer sum(net.parameters().size());
    for (std::int64_t first = 0; first < 6; first += part) {
      plan.forward(x.data() + static_cast<std::size_t>(first) * size, part);
      std::copy_n(dy.begin() + first * 3, part * 3, plan.output_gradient());
      plan.backward(sum.data());
    }
    return std::vector<float>(sum.span().begin(), sum.span().end());
  };
  const std::vector<float> whole = gradients(6);
  for (const std::int64_t part : {3, 2, 1}) expect_near(gradients(part), whole, "gradients");
}

TEST(Plan, SharesANetWithOtherThreads) {
  Net net = net_of(small_net);
  shake(net, 1);
  const Net& shared = net;
  constexpr std::size_t threads = 4;
  const std::vector<float> x = normal_values(4, 5 * net.input().size());
  const auto run = [&] {
    Plan plan(shared, {.batch = 5});
    std::vector<std::vector<float>> all;
    for (std::int64_t n = 1; n <= 5; ++n) {
      const float* y = plan.forward(x.data(), n);
      all.emplace_back(y, y + n * 4);
    }
    return all;
  };
  const auto expected = run();
  std::vector<std::vector<std::vector<float>>> got(threads);
  {
    std::vector<std::jthread> running;
    for (std::size_t t = 0; t < threads; ++t) {
      running.emplace_back([&, t] {
        for (int again = 0; again < 10; ++again) got[t] = run();
      });
    }
  }
  for (std::size_t t = 0; t < threads; ++t) EXPECT_EQ(got[t], expected) << t;
}

TEST(Plan, GivesTheSameBitsAgain) {
  Net net = net_of(small_net);
  shake(net, 1);
  const std::vector<float> x = normal_values(5, 4 * net.input().size());
  const auto run = [&] {
    Plan plan(net, {.batch = 4, .training = true, .input_gradient = true});
    const float* y = plan.forward(x.data(), 4, {.running = {}, .seed = 3, .step = 4});
    std::vector<float> all(y, y + 16);
    std::fill_n(plan.output_gradient(), 16, 0.5F);
    Buffer gradients(net.parameters().size());
    plan.backward(gradients.data());
    all.insert(all.end(), gradients.span().begin(), gradients.span().end());
    all.insert(all.end(), plan.input_gradient(), plan.input_gradient() + x.size());
    return all;
  };
  EXPECT_EQ(run(), run());
}

// A plan keeps no copy of what load() did not take: after new values and load() it gives what a new plan
// gives.
TEST(Plan, TakesNewValuesByLoad) {
  Net net = net_of(small_net);
  shake(net, 1);
  const std::vector<float> x = normal_values(6, 2 * net.input().size());
  for (const bool training : {false, true}) {
    shake(net, 1);
    Plan plan(net, {.batch = 2, .training = training});
    plan.forward(x.data(), 2);
    shake(net, 2);
    plan.load();
    Plan fresh(net, {.batch = 2, .training = training});
    const float* got = plan.forward(x.data(), 2);
    const float* expected = fresh.forward(x.data(), 2);
    EXPECT_EQ(std::vector<float>(got, got + 8), std::vector<float>(expected, expected + 8));
  }
}

struct Shown {
  std::vector<std::string> steps;
  std::vector<std::size_t> nodes, counts;
};

Shown shown(const Net& net, const PlanOptions& options) {
  Plan plan(net, options);
  Shown result;
  const std::vector<float> x = normal_values(1, 2 * net.input().size());
  plan.forward(x.data(), 2, {}, [&](const Plan::Made& made) {
    result.steps.emplace_back(made.step);
    result.nodes.push_back(made.node);
    result.counts.push_back(made.values.size());
  });
  return result;
}

TEST(Plan, ShowsEachStepAsItIsMade) {
  Net net = net_of(
      "input = [4, 4, 1]\nlayers = [ { conv = 2, kernel = 3 }, 'relu', { max_pool = 2 }, { linear = 3 } ]");
  shake(net, 1);
  const Shown fused = shown(net, {.batch = 2});
  EXPECT_EQ(fused.steps, (std::vector<std::string>{"conv1", "relu1+max_pool1", "linear1"}));
  EXPECT_EQ(fused.nodes, (std::vector<std::size_t>{0, 2, 3}));
  EXPECT_EQ(fused.counts, (std::vector<std::size_t>{16, 4, 6}));
  const Shown all = shown(net, {.batch = 2, .shows_activations = true});
  EXPECT_EQ(all.steps, (std::vector<std::string>{"conv1+relu1", "max_pool1", "linear1"}));
  EXPECT_EQ(all.nodes, (std::vector<std::size_t>{1, 2, 3}));
  EXPECT_EQ(all.counts, (std::vector<std::size_t>{16, 4, 6}));
}

// Of those whose slope is computed from what they take, that is shown too.
TEST(Plan, ShowsWhatActivationsTake) {
  Net net = net_of("input = [1, 1, 5]\nlayers = [ { linear = 3 }, 'gelu', { linear = 2 }, 'tanh' ]");
  shake(net, 1);
  EXPECT_EQ(shown(net, {.batch = 2}).steps, (std::vector<std::string>{"linear1+gelu1", "linear2+tanh1"}));
  EXPECT_EQ(shown(net, {.batch = 2, .shows_activations = true}).steps,
            (std::vector<std::string>{"linear1", "gelu1", "linear2+tanh1"}));
}

// In use: of every `new` in the process, oneDNN's among them. oneDNN 2.6 takes a small block to run a
// primitive (its argument list) and gives it back; nothing stays, and Halfwave itself takes nothing.
TEST(Plan, TakesNoMemoryAfterTheFirstStep) {
  // Without oneDNN's convolutions and products not a single allocation.
  Net bare = net_of(R"(input = [6, 6, 4]
    layers = [ 'batch_norm', 'relu', { max_pool = 2 }, 'prelu', 'local_response_norm', { dropout = 0.3 }, 'tanh',
      { avg_pool = 2 }, 'maxout', 'softmax' ])");
  Net whole = net_of(small_net);
  for (Net* net : {&bare, &whole}) {
    shake(*net, 1);
    const std::vector<float> x = normal_values(1, 4 * net->input().size());
    Plan training(*net, {.batch = 4, .training = true});
    Plan forward_only(*net, {.batch = 4});
    Inference inference(*net, 4);
    Buffer gradients(net->parameters().size());
    std::uint64_t number = 0;
    const auto step = [&] {
      training.load();
      training.forward(x.data(), 4, {.running = net->state(), .seed = 1, .step = number++});
      std::fill_n(training.output_gradient(), 4 * net->output().size(), 1.0F);
      training.backward(gradients.data());
      forward_only.load();
      forward_only.forward(x.data(), 4);
      inference.load();
      inference.forward(x.data(), 4);
    };
    step();
    const AllocationCount before = allocation_count();
    for (int i = 0; i < 10; ++i) step();
    const AllocationCount after = allocation_count();
    EXPECT_EQ(after.taken - after.given_back, before.taken - before.given_back);
    if (net == &bare) {
      EXPECT_EQ(after.taken, before.taken);
    }
  }
}

}  // namespace
}  // namespace halfwave
