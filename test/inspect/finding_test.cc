// Faults planted in a net that has learned: these are found, exactly these, and none in a healthy one.
#include "halfwave/inspect/finding.h"

#include <limits>

#include "../net/net_testing.h"
#include "../train/sample_data.h"
#include "halfwave/train/trainer.h"
#include "planted.h"

namespace halfwave {
namespace {

constexpr RuleSet all_sets[] = {RuleSet::sagemaker, RuleSet::apoz, RuleSet::redo, RuleSet::autotrainer};

std::string net_text(const std::string& activation) {
  return "input = [8, 8, 1]\nactivation = '" + activation + R"('
layers = [
  { conv = 8, kernel = 3, pad = 1, name = "maps" }, "activation", { max_pool = 2 },
  { linear = 8, name = "hidden" }, "activation", { linear = 4, name = "scores" },
])";
}

class Planted : public testing::Test {
 protected:
  // From this seed: behind values that are all positive, one in ten units is dead from its first weights on.
  Net learned(const std::string& activation) {
    Net net = net_of(net_text(activation));
    Trainer trainer(
        net, data_,
        {.epochs = 8, .batch = 32, .threads = 1, .seed = 12, .rate = activation == "sigmoid" ? 0.3 : 0.004});
    trainer.run({});
    return net;
  }
  Inspection inspected(const Net& net) const { return inspect(net, data_.test, describe_data(*data_.train)); }
  std::vector<Finding> found(const Net& net, const std::vector<RuleSet>& sets = {
                                                 RuleSet::sagemaker, RuleSet::autotrainer}) const {
    return find_faults(inspected(net), sets);
  }

  DataPair data_ = sample_data();
};

using Units = std::vector<std::size_t>;

TEST_F(Planted, NothingInAHealthyNet) {
  for (const char* const activation : {"relu", "tanh", "leaky_relu", "sigmoid"}) {
    const Net net = learned(activation);
    const Inspection health = inspected(net);
    EXPECT_GT(health.sum.accuracy(), 0.9) << activation;
    const std::vector<Finding> findings = find_faults(health, {std::begin(all_sets), std::end(all_sets)});
    EXPECT_TRUE(findings.empty()) << activation << ": " << findings.front().what;
  }
}

TEST_F(Planted, UnitsKilledByTheirBias) {
  Net net = learned("relu");
  for (const std::size_t unit : {1, 4, 6}) tensor(net, "maps.bias")[unit] = -1000;
  const std::vector<Finding> findings = found(net);
  // No picture can lift them: they are dead on these images, and certainly.
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].rule, "certified_silent");
  EXPECT_EQ(findings[0].grade, Grade::certified);
  EXPECT_EQ(findings[0].units, (Units{1, 4, 6}));
  EXPECT_EQ(findings[1].rule, "dead_units");
  EXPECT_EQ(findings[1].layer, "maps");
  EXPECT_EQ(findings[1].units, (Units{1, 4, 6}));
  EXPECT_EQ(findings[1].grade, Grade::on_samples);
  EXPECT_EQ(findings[1].images, 100);
  EXPECT_NE(findings[1].what.find("3 of 8 units of 'maps' are dead"), std::string::npos) << findings[1].what;
  const std::vector<Finding> zeros = found(net, {RuleSet::apoz});
  ASSERT_EQ(zeros.size(), 2U);
  EXPECT_EQ(zeros[1].units, (Units{1, 4, 6}));
  const std::vector<Finding> dormant = found(net, {RuleSet::redo});
  ASSERT_EQ(dormant.size(), 2U);
  EXPECT_EQ(dormant[1].units, (Units{1, 4, 6}));
}

// A bias that these images never overcome, though another picture would.
TEST_F(Planted, UnitsThatOtherPicturesWouldWake) {
  Net net = learned("relu");
  const float largest = inspected(net).layers[0].units[2].maximum;
  tensor(net, "maps.bias")[2] -= 1.01F * largest;
  const std::vector<Finding> findings = found(net);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].rule, "dead_units");
  EXPECT_EQ(findings[0].units, Units{2});
}

TEST_F(Planted, MostOfALayer) {
  Net net = learned("relu");
  Units killed;
  for (std::size_t unit = 0; unit < 6; ++unit) {
    tensor(net, "hidden.bias")[unit] = -1000;
    killed.push_back(unit);
  }
  std::vector<Finding> findings = found(net);
  ASSERT_GE(findings.size(), 2U);
  EXPECT_EQ(findings[0].rule, "certified_silent");
  EXPECT_EQ(findings[0].units, killed);
  findings.erase(findings.begin());
  EXPECT_EQ(findings[0].rule, "dead_layer");
  EXPECT_EQ(findings[0].layer, "hidden");
  EXPECT_EQ(findings[0].units, killed);
  EXPECT_DOUBLE_EQ(findings[0].value, 0.75);
  // Three quarters of its weights get no gradient.
  ASSERT_EQ(findings.size(), 3U);
  EXPECT_EQ(findings[1].rule, "dying_relu");
  EXPECT_EQ(findings[1].layer, "hidden");
  EXPECT_EQ(findings[2].layer, "scores");
}

TEST_F(Planted, UnitsWithoutWeights) {
  Net net = learned("relu");
  const std::span<float> weights = tensor(net, "hidden.weight");
  std::fill_n(weights.begin() + static_cast<std::ptrdiff_t>(weights.size() / 8 * 3), weights.size() / 8,
              0.0F);
  tensor(net, "hidden.bias")[3] = -0.5F;
  const std::vector<Finding> findings = found(net);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].rule, "structurally_zero");
  EXPECT_EQ(findings[0].grade, Grade::structural);
  EXPECT_EQ(findings[0].units, Units{3});
  EXPECT_EQ(findings[1].rule, "dead_units");
  EXPECT_EQ(findings[1].units, Units{3});
  // One that its bias lifts is not silent.
  tensor(net, "hidden.bias")[3] = 0.5F;
  EXPECT_TRUE(found(net).empty());
}

TEST_F(Planted, ASaturatedLayer) {
  for (const char* const activation : {"tanh", "sigmoid"}) {
    Net net = learned(activation);
    for (float& weight : tensor(net, "hidden.weight")) weight *= 1e5F;
    const std::vector<Finding> findings = found(net, {RuleSet::sagemaker});
    ASSERT_GE(findings.size(), 1U);
    EXPECT_EQ(findings[0].rule, "saturated_layer");
    EXPECT_EQ(findings[0].layer, "hidden");
    // And no gradient comes past it.
    for (const Finding& finding : std::span(findings).subspan(1))
      EXPECT_EQ(finding.rule, "vanishing_gradient");
  }
}

TEST_F(Planted, AStackOfSigmoids) {
  Net net = net_of(stack("sigmoid"));
  net.initialise(1);
  const std::vector<Finding> findings = found(net);
  ASSERT_GE(findings.size(), 2U);
  EXPECT_EQ(findings[0].rule, "vanishing_gradient");
  EXPECT_EQ(findings[0].layer, "linear1");
  EXPECT_EQ(findings.back().rule, "vanishing_gradient_flow");
  EXPECT_EQ(findings.back().layer, "");
  // The same with relu is healthy.
  Net healthy = net_of(stack("relu"));
  healthy.initialise(1);
  for (const Finding& finding : found(healthy))
    EXPECT_EQ(finding.rule.find("vanishing"), std::string::npos) << finding.what;
}

TEST_F(Planted, AStackThatExplodes) {
  Net net = net_of(stack("tanh"));
  net.initialise(1);
  for (const Net::Tensor& each : net.tensors()) {
    if (each.parameter->name == "weight" && each.name != "linear21.weight") {
      for (float& weight : each.values) weight *= 3;
    }
  }
  const std::vector<Finding> findings = found(net, {RuleSet::autotrainer});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].rule, "exploding_gradient_flow");
  EXPECT_GT(findings[0].value, 70);
}

TEST_F(Planted, ANaNInTheMiddle) {
  Net net = learned("relu");
  tensor(net, "hidden.weight")[5 * tensor(net, "hidden.weight").size() / 8 + 7] =
      std::numeric_limits<float>::quiet_NaN();
  const std::vector<Finding> findings = found(net);
  ASSERT_GE(findings.size(), 2U);
  EXPECT_EQ(findings[0].rule, "exploding_tensor");
  EXPECT_EQ(findings[0].layer, "hidden");
  EXPECT_EQ(findings[0].units, Units{5});
  EXPECT_EQ(findings[1].layer, "scores");
  for (const Finding& finding : findings) EXPECT_EQ(finding.rule, "exploding_tensor") << finding.what;
}

TEST(Threshold, IsSetByName) {
  Thresholds thresholds;
  set_threshold(thresholds, "active_share=0.25");
  EXPECT_EQ(thresholds.active_share, 0.25);
  EXPECT_EQ(message([&] { set_threshold(thresholds, "active_share=much"); }),
            "threshold 'active_share': expected a number of 0 or more, as in active_share=0.5, got 'much'");
  EXPECT_EQ(message([&] { set_threshold(thresholds, "active_share"); }),
            "threshold 'active_share': expected a number of 0 or more, as in active_share=0.5, got ''");
  EXPECT_EQ(message([&] {
              set_threshold(thresholds, "active=1");
            }).find("unknown threshold 'active'; there are active_share, "),
            0U);
  EXPECT_EQ(message([&] { rule_set_by_name("all"); }),
            "unknown rules 'all'; there are sagemaker, apoz, redo and autotrainer");
}

}  // namespace
}  // namespace halfwave
