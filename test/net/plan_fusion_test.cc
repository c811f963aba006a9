// A plan fuses layers and shares memory; what comes out must be what the layers give one by one, forward and
// backward, in training and in inference.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "halfwave/base/parallel.h"
#include "net_testing.h"

namespace halfwave {
namespace {

// Fills all that the plan owns with NaN, so that what a later step does not write shows.
void poison(Plan& plan, const Net& net, std::int64_t batch, bool training) {
  const std::vector<float> nothing(net.input().size() * static_cast<std::size_t>(batch),
                                   std::numeric_limits<float>::quiet_NaN());
  plan.forward(nothing.data(), batch, {.running = {}, .seed = 1});
  if (!training) return;
  std::fill_n(plan.output_gradient(), net.output().size() * static_cast<std::size_t>(batch),
              std::numeric_limits<float>::quiet_NaN());
  Buffer gradients(net.parameters().size());
  plan.backward(gradients.data());
}

// The plan is made for a larger batch than runs.
void expect_same(Net& net, std::int64_t n) {
  SCOPED_TRACE(to_toml(net.spec()));
  const std::vector<float> x = normal_values(31, net.input().size() * static_cast<std::size_t>(n));
  const std::vector<float> dy = normal_values(32, net.output().size() * static_cast<std::size_t>(n));

  LayerByLayer one_by_one(net, n, false);
  Plan inference(net, {.batch = n + 1});
  poison(inference, net, n + 1, false);
  expect_near({inference.forward(x.data(), n), dy.size()}, one_by_one.forward(x), "y of inference");

  LayerByLayer trainer(net, n, true);
  const std::vector<float> y = trainer.forward(x);
  const std::vector<float> dx = trainer.backward(dy);
  const std::vector<float> state = trainer.state();
  struct Way {
    bool input_gradient;
    KernelChoice kernels;
  };
  for (const Way& way : {Way{true, KernelChoice::automatic}, Way{true, KernelChoice::sparse},
                         Way{false, KernelChoice::automatic}, Way{false, KernelChoice::sparse}}) {
    SCOPED_TRACE(fmt::format("{} input gradient, {}", way.input_gradient ? "with" : "without",
                             way.kernels == KernelChoice::sparse ? "skipping zeros" : "by rule"));
    Plan plan(
        net,
        {.batch = n + 1, .training = true, .input_gradient = way.input_gradient, .kernels = way.kernels});
    poison(plan, net, n + 1, true);
    std::vector<float> running(net.state().begin(), net.state().end());
    expect_near({plan.forward(x.data(), n, {.running = running, .seed = 1}), y.size()}, y, "y of training");
    expect_near(running, state, "running statistics");
    std::copy(dy.begin(), dy.end(), plan.output_gradient());
    Buffer gradients(net.parameters().size());
    plan.backward(gradients.data());
    expect_near(gradients.span(), trainer.gradients(), "gradients");
    if (way.input_gradient) expect_near({plan.input_gradient(), dx.size()}, dx, "dx");
  }
}

void expect_same(const std::string& toml) {
  Net net = net_of(toml);
  shake(net, 5);
  expect_same(net, 3);
}

TEST(PlanFusion, KeepsResidualBlocks) {
  expect_same(R"(input = [6, 6, 3]
    layers = [ { conv = 4, kernel = 3, pad = 1, bias = false }, 'batch_norm', { layer = 'activation', name = 'stem' },
      { conv = 4, kernel = 3, pad = 1, bias = false }, 'batch_norm', 'activation',
      { conv = 4, kernel = 3, pad = 1, bias = false }, { layer = 'batch_norm', name = 'n' },
      { add = ['n', 'stem'] }, { layer = 'activation', name = 'b1' },
      { conv = 8, kernel = 3, stride = 2, pad = 1, bias = false }, { layer = 'batch_norm', name = 'm' },
      { conv = 8, kernel = 1, stride = 2, bias = false, from = 'b1' }, { layer = 'batch_norm', name = 's' },
      { add = ['m', 's'] }, 'activation', 'global_avg_pool', { linear = 5 } ])");
}

// What inference works into the convolution: the other term before or behind it, the convolution's own input,
// the net's input, a term that is used again or in the same memory; not one that comes later.
TEST(PlanFusion, KeepsAddsBehindConvolutions) {
  const std::string start = "input = [4, 4, 3]\nlayers = [ { conv = 3, kernel = 1, name = 'a' }, ";
  const std::string conv = "{ conv = 3, kernel = 3, pad = 1, name = 'c' }, ";
  expect_same(start + conv + "{ add = ['c', 'a'] } ]");
  expect_same(start + conv + "{ add = ['a', 'c'] }, 'relu' ]");
  expect_same(
      start + conv +
      "'batch_norm', { layer = 'flatten', name = 'f' }, { layer = 'flatten', from = 'a', name = 'g' }, "
      "{ add = ['f', 'g'] } ]");
  expect_same(start + conv + "{ add = ['input', 'c'] }, 'tanh' ]");
  expect_same(
      "input = [3, 3, 2]\nlayers = [ { conv = 2, kernel = 3, pad = 2, name = 'a' }, "
      "{ conv = 2, kernel = 1, pad = 1, from = 'input', name = 'c' }, { add = ['a', 'c'] } ]");
  expect_same(start + conv +
              "{ add = ['a', 'c'], name = 's' }, { layer = 'sigmoid', name = 't' }, "
              "{ add = ['t', 'a'] } ]");
  expect_same(start + conv + "{ add = ['c', 'c'] } ]");
  expect_same(start + conv + "{ add = ['c', 'a'], name = 's' }, { add = ['c', 's'] } ]");
  expect_same(start +
              "{ conv = 3, kernel = 3, pad = 1, from = 'input', name = 'c' }, { layer = 'relu', from = 'a', "
              "name = 'r' }, "
              "{ add = ['c', 'r'] } ]");
  expect_same(start + conv + "{ add = ['a', 'c'] }, { layer = 'relu', name = 'r' }, { max_pool = 2 } ]");
}

// The gradient of a max-pool whose windows do not overlap is left to the convolution before it, if no one
// else reads what that made.
TEST(PlanFusion, KeepsPoolsBehindConvolutions) {
  const std::string start = "input = [9, 8, 3]\nlayers = [ { conv = 20, kernel = 3, pad = 1, name = 'a' }, ";
  expect_same(start + "{ max_pool = 2 }, { conv = 4, kernel = 2 } ]");
  expect_same(
      start +
      "'relu', { max_pool = 2 }, { conv = 33, kernel = 3, pad = 1 }, { max_pool = 2 }, { linear = 3 } ]");
  expect_same(start + "'relu', { max_pool = 2, stride = 3 }, { linear = 3 } ]");
  expect_same(start + "'relu', { max_pool = 3, stride = 2 }, { linear = 3 } ]");
  expect_same(start + "'tanh', { max_pool = 2 }, { linear = 3 } ]");
  expect_same(start +
              "{ layer = 'relu', name = 'r' }, { max_pool = 2 }, { linear = 3, name = 'l' }, "
              "{ conv = 1, kernel = 1, from = 'a', name = 'b' }, { linear = 3, name = 'm' }, "
              "{ add = ['l', 'm'] } ]");
}

TEST(PlanFusion, KeepsConcats) {
  expect_same(R"(input = [5, 5, 2]
    layers = [ { conv = 3, kernel = 3, pad = 1, name = 'a' }, { layer = 'relu', name = 'ar' },
      { conv = 2, kernel = 1, from = 'a', name = 'b' }, { max_pool = 3, stride = 1, pad = 1, from = 'ar', name = 'c' },
      { concat = ['b', 'c', 'ar', 'input', 'b'] }, 'tanh', { conv = 3, kernel = 2 } ])");
}

TEST(PlanFusion, KeepsAnInputUsedThrice) {
  expect_same(R"(input = [4, 4, 3]
    layers = [ { conv = 3, kernel = 3, pad = 1, name = 'a' }, { conv = 3, kernel = 1, from = 'input', name = 'b' },
      { add = ['a', 'b', 'input'] }, 'relu' ])");
}

TEST(PlanFusion, KeepsAValueUsedThrice) {
  expect_same(R"(input = [4, 4, 3]
    layers = [ { conv = 3, kernel = 3, pad = 1 }, { layer = 'relu', name = 'r' },
      { conv = 3, kernel = 1, from = 'r', name = 'a' }, { conv = 3, kernel = 3, pad = 1, from = 'r', name = 'b' },
      { add = ['a', 'b', 'r'] }, 'sigmoid' ])");
}

// y may share memory with the first input; the others must still be read as they were.
TEST(PlanFusion, KeepsTheSumOfAValueWithItself) {
  const std::string conv = "input = [3, 3, 2]\nlayers = [ { conv = 4, kernel = 2, name = 'a' }, ";
  expect_same(conv + "{ add = ['a', 'a'] } ]");
  expect_same(conv + "{ add = ['a', 'a', 'a'] } ]");
  expect_same(conv + "{ conv = 4, kernel = 1, name = 'b' }, { add = ['a', 'b', 'a'] } ]");
  expect_same(conv + "{ conv = 4, kernel = 1, name = 'b' }, { add = ['b', 'a', 'a', 'b'] }, 'relu' ]");
  expect_same("input = [3, 3, 2]\nlayers = [ { add = ['input', 'input', 'input'] }, 'relu' ]");
}

// A flattened vector is the same memory under another name.
TEST(PlanFusion, KeepsTheSumOfAValueWithAViewOfIt) {
  expect_same(R"(input = [1, 1, 6]
    layers = [ { linear = 5, name = 'a' }, { layer = 'flatten', name = 'f' }, { linear = 5, name = 'b' },
      { add = ['a', 'b', 'f'] }, 'relu' ])");
  expect_same(R"(input = [1, 1, 6]
    layers = [ { linear = 5, name = 'a' }, { layer = 'flatten', name = 'f' }, { layer = 'tanh', from = 'a', name = 't' },
      { layer = 'relu', from = 'f', name = 'r' }, { add = ['t', 'r', 'f'] } ])");
}

TEST(PlanFusion, KeepsAFlattenInTheMiddle) {
  expect_same(R"(input = [4, 4, 2]
    layers = [ { conv = 3, kernel = 3 }, 'relu', 'flatten', 'tanh', { dropout = 0 }, { linear = 6 }, 'flatten', 'relu',
      { linear = 2 } ])");
  expect_same("input = [2, 3, 2]\nlayers = ['flatten']");
  expect_same("input = [2, 3, 2]\nlayers = ['flatten', 'relu']");
  expect_same("input = [2, 3, 2]\nlayers = ['relu', 'flatten', 'flatten']");
}

TEST(PlanFusion, KeepsReluBeforePools) {
  const std::string conv = "input = [6, 6, 2]\nlayers = [ { conv = 4, kernel = 3, pad = 1, name = 'c' }, ";
  expect_same(conv + "'relu', { max_pool = 2 } ]");
  expect_same(conv +
              "{ layer = 'relu', name = 'r' }, { max_pool = 2, name = 'p' }, { max_pool = 2, from = 'r', "
              "name = 'q' },"
              " { add = ['p', 'q'] } ]");
  expect_same(conv +
              "{ layer = 'relu', name = 'r' }, { max_pool = 3, stride = 1, pad = 1, name = 'p' },"
              " { add = ['p', 'c'] } ]");
  expect_same(conv + "'relu', 'relu', { max_pool = 2 } ]");
  expect_same(conv + "'batch_norm', 'relu', { max_pool = 2 }, 'relu' ]");
  expect_same("input = [4, 4, 3]\nlayers = [ 'relu', { max_pool = 2 } ]");
  expect_same(
      "input = [4, 4, 3]\nlayers = [ { layer = 'relu', name = 'r' }, { max_pool = 1, name = 'p' }, { add = "
      "['p', 'input'] } ]");
}

TEST(PlanFusion, KeepsEveryActivationBehindEveryLayerThatTakesOne) {
  for (const ActivationInfo* info : activations()) {
    const std::string start = fmt::format("activation = '{}'\ninput = [4, 3, 2]\nlayers = [ ", info->name);
    for (const int channels : {3, 8}) {  // of 8, the slope of some is kept as bits
      const std::string conv = fmt::format("{{ conv = {}, kernel = 2 }}, ", channels);
      expect_same(start + conv +
                  "'activation', { linear = 4 }, 'activation', { linear = 16 }, 'activation' ]");
      expect_same(start + conv +
                  "'batch_norm', 'activation', { layer = 'tanh', name = 't' }, { add = ['t', 't'] }, "
                  "'activation', { avg_pool = 2 }, 'activation' ]");
    }
  }
}

// Many blocks, several threads, and a last one that is not whole.
TEST(PlanFusion, KeepsTheSlopesOfLargeValues) {
  for (const char* activation : {"relu", "leaky_relu", "tanh", "prelu"}) {
    for (const int threads : {1, 2}) {
      const ThreadScope scope(threads);
      expect_same(
          fmt::format("activation = '{}'\ninput = [41, 43, 1]\nlayers = [ {{ conv = 8, kernel = 2 }}, "
                      "'activation', {{ conv = 8, kernel = 1, bias = false }}, 'batch_norm', 'activation', "
                      "{{ conv = 6, kernel = 1 }}, 'activation', {{ linear = 3 }} ]",
                      activation));
    }
  }
}

// What inference works into the convolution: with bias and without, in groups, and not where others look at
// it.
TEST(PlanFusion, KeepsBatchNormBehindConvolutions) {
  for (const char* const options : {"", ", bias = false", ", groups = 2"}) {
    const std::string conv =
        fmt::format("input = [4, 4, 4]\nlayers = [ {{ conv = 6, kernel = 3, name = 'c'{} }}, ", options);
    expect_same(conv + "'batch_norm' ]");
    expect_same(conv + "{ layer = 'batch_norm', name = 'n' }, { add = ['n', 'c'] } ]");
    expect_same(conv + "'batch_norm', 'batch_norm', 'relu' ]");
  }
}

TEST(PlanFusion, KeepsLayersThatRunInPlace) {
  expect_same(R"(input = [3, 3, 4]
    layers = [ 'softmax', 'prelu', 'log_softmax', 'batch_norm', 'prelu', 'relu', 'softplus', 'local_response_norm',
      'maxout', 'relu' ])");
}

// Maps of one size, so that any can be added to any; at the end all that nobody uses is added up.
std::string random_net(std::uint64_t seed) {
  RandomStream random(seed, RandomPurpose::test);
  const bool vectors = random.below(3) == 0;  // of one pixel, where a flatten changes nothing but the name
  std::vector<bool> used{true};
  std::vector<bool> joined{false};  // of twice the channels
  const auto name = [](std::size_t v) { return v == 0 ? std::string("input") : fmt::format("v{}", v); };
  const auto value = [&] {  // mostly a late one
    const auto count = static_cast<std::uint32_t>(used.size());
    std::size_t v = random.below(2) == 0 ? count - 1 : random.below(count);
    if (joined[v]) ++v;  // the convolution behind a concat
    used[v] = true;
    return fmt::format("'{}'", name(v));
  };
  std::string text = fmt::format("input = [{0}, {0}, 4]\nlayers = [\n", vectors ? 1 : 4);
  const auto layer = [&](const std::string& inside) {
    text += fmt::format("  {{ {}, name = '{}' }},\n", inside, name(used.size()));
    used.push_back(false);
    joined.push_back(false);
  };
  const std::vector<std::string> plain{
      "relu",       "tanh",  "leaky_relu",          "silu",    "relu", "softplus",
      "batch_norm", "prelu", "local_response_norm", "softmax", "relu"};
  const std::size_t count = 4 + random.below(10);
  while (used.size() < count) {
    switch (random.below(9)) {
      case 0:
      case 1:
        layer("conv = 4, kernel = 3, pad = 1, from = " + value());
        break;
      case 2:
      case 3:
        layer("layer = '" + plain[random.below(static_cast<std::uint32_t>(plain.size()))] +
              "', from = " + value());
        break;
      case 4:
        layer("max_pool = 3, stride = 1, pad = 1, from = " + value());
        break;
      case 5:
        layer("add = [" + value() + ", " + value() + "]");
        break;
      case 6:
        layer("add = [" + value() + ", " + value() + ", " + value() + "]");
        break;
      case 7:
        layer("concat = [" + value() + ", " + value() + "]");
        used.back() = true;
        joined.back() = true;
        layer(fmt::format("conv = 4, kernel = 1, from = '{}'", name(used.size() - 1)));
        break;
      default:
        layer((vectors ? "layer = 'flatten', from = " : "dropout = 0, from = ") + value());
    }
  }
  std::string rest;
  std::size_t parts = 0;
  for (std::size_t v = 1; v < used.size(); ++v) {
    if (used[v]) continue;
    rest += fmt::format("{}'{}'", rest.empty() ? "" : ", ", name(v));
    ++parts;
  }
  if (parts > 1) text += "  { add = [" + rest + "] },\n";
  return text + "  'relu', { linear = 3 },\n]\n";
}

class RandomNet : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomNet, RunsAsItsLayersOneByOne) {
  for (std::uint64_t seed = GetParam() * 20; seed < (GetParam() + 1) * 20; ++seed) {
    SCOPED_TRACE(seed);
    expect_same(random_net(seed));
  }
}

INSTANTIATE_TEST_SUITE_P(Twenty, RandomNet, testing::Range<std::uint64_t>(0, 8));

}  // namespace
}  // namespace halfwave
