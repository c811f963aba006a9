// What is found in first weights and in tables of epochs.
#include "halfwave/inspect/training_finding.h"

#include "../net/net_testing.h"
#include "../train/sample_data.h"
#include "planted.h"

namespace halfwave {
namespace {

std::vector<EpochResult> epochs(const std::vector<double>& train, const std::vector<double>& test) {
  std::vector<EpochResult> history;
  for (std::size_t i = 0; i < train.size(); ++i)
    history.push_back(
        {.epoch = static_cast<std::int64_t>(i) + 1, .train_loss = train[i], .test_loss = test[i]});
  return history;
}

std::vector<std::string> rules(const std::vector<Finding>& found) {
  std::vector<std::string> names;
  for (const Finding& finding : found) names.push_back(finding.rule);
  return names;
}
using Names = std::vector<std::string>;

TEST(TrainingFault, ALossThatStaysIsTold) {
  // ln 10: a net that guesses among ten classes.
  const auto stuck = epochs({2.3026, 2.3025}, {2.3, 2.3});
  ASSERT_EQ(rules(find_training_faults(stuck)), Names{"loss_not_decreasing"});
  const Finding found = find_training_faults(stuck)[0];
  EXPECT_EQ(found.what, "the training loss has not fallen for 1 epoch: 2.303 before, 2.303 at best since");
  EXPECT_NEAR(found.value, 0.0001 / 2.3026, 1e-9);
  EXPECT_EQ(found.images, 0);
  EXPECT_TRUE(find_training_faults(epochs({2.3026, 2.29}, {2.3, 2.3})).empty());
  EXPECT_TRUE(find_training_faults(epochs({2.3026}, {2.3})).empty());
  EXPECT_TRUE(find_training_faults({}).empty());
}

TEST(TrainingFault, TenEpochsAreLookedBackOn) {
  std::vector<double> loss{1, 0.5};
  for (int i = 0; i < 9; ++i) loss.push_back(0.5 + 0.01 * i);
  EXPECT_TRUE(find_training_faults(epochs(loss, loss)).empty());
  loss.push_back(0.51);
  EXPECT_EQ(rules(find_training_faults(epochs(loss, loss))), Names{"loss_not_decreasing"});
  Thresholds easy;
  set_threshold(easy, "loss_decrease=0");
  loss.back() = 0.4999;
  EXPECT_TRUE(find_training_faults(epochs(loss, loss), easy).empty());
}

TEST(TrainingFault, OverfittingIsATestLossThatRises) {
  const std::vector<double> train{1, 0.8, 0.6, 0.4, 0.3};
  EXPECT_EQ(rules(find_training_faults(epochs(train, {1, 0.9, 0.95, 1, 1.1}))), Names{"overfit"});
  EXPECT_EQ(find_training_faults(epochs(train, {1, 0.9, 0.95, 1, 1.1}))[0].what,
            "the test loss was lowest in epoch 2 (0.9) and is 1.1 now, while that of training is 0.3");
  // One that still falls, or began to rise only now, or is not above that of training.
  EXPECT_TRUE(find_training_faults(epochs(train, {1, 0.9, 0.8, 0.7, 0.69})).empty());
  EXPECT_TRUE(find_training_faults(epochs(train, {1, 0.9, 0.8, 0.85, 0.9})).empty());
  EXPECT_TRUE(find_training_faults(epochs(train, {0.3, 0.2, 0.31, 0.32, 0.32})).empty());
  Thresholds strict;
  set_threshold(strict, "overfit=0.05");
  EXPECT_EQ(rules(find_training_faults(epochs(train, {0.3, 0.2, 0.31, 0.32, 0.32}), strict)),
            Names{"overfit"});
}

TEST(TrainingFault, BelongsToTheRulesOfSageMaker) {
  const auto stuck = epochs({1, 1}, {1, 1});
  EXPECT_EQ(rules(find_faults(Inspection{}, stuck, {RuleSet::redo, RuleSet::sagemaker})),
            Names{"loss_not_decreasing"});
  EXPECT_TRUE(find_faults(Inspection{}, stuck, {RuleSet::redo, RuleSet::autotrainer}).empty());
}

class StartFault : public testing::Test {
 protected:
  std::vector<Finding> found(const std::string& text, float factor = 1) const {
    Net net = net_of(text);
    net.initialise(1);
    for (const Net::Tensor& each : net.tensors()) {
      for (float& value : each.values) value *= each.parameter->name == "weight" ? factor : 1;
    }
    const DataPair data = sample_data();
    return find_start_faults(inspect(net, data.train, describe_data(*data.train),
                                     {.gradient_batches = 4, .gradient_batch = 16, .as_in_training = true}));
  }
};

TEST_F(StartFault, TheRulesOfTheActivationsAreSound) {
  for (const char* activation : {"relu", "tanh", "leaky_relu", "elu", "gelu"}) {
    const std::vector<Finding> some =
        found(std::string("input = [8, 8, 1]\nactivation = '") + activation + R"('
layers = [
  { conv = 8, kernel = 3, pad = 1 }, "activation", { max_pool = 2 },
  { conv = 8, kernel = 3, pad = 1 }, "activation",
  { linear = 16 }, "activation", { linear = 4 },
])");
    EXPECT_TRUE(some.empty()) << activation << ": " << some.front().what;
  }
}

TEST_F(StartFault, ValuesThatFadeOrGrowAreTold) {
  const std::vector<Finding> fading = found(stack("tanh"), 0.5F);
  ASSERT_FALSE(fading.empty());
  EXPECT_EQ(fading[0].rule, "poor_weight_initialization");
  EXPECT_EQ(fading[0].layer, "");
  EXPECT_EQ(fading[0].images, 64);
  EXPECT_EQ(fading[0].what.find("before training the values of 'linear1' vary "), 0U) << fading[0].what;
  const std::vector<Finding> growing = found(stack("relu"), 2);
  ASSERT_FALSE(growing.empty());
  EXPECT_EQ(growing[0].what.find("before training the values of 'linear20' vary "), 0U) << growing[0].what;
}

TEST_F(StartFault, GradientsThatAllAreNearZeroAreTold) {
  const std::vector<Finding> some = found(stack("sigmoid"));
  ASSERT_FALSE(some.empty());
  const Finding& first = *std::find_if(some.begin(), some.end(),
                                       [](const Finding& finding) { return finding.layer == "linear1"; });
  EXPECT_LT(first.value, 1e-3);
  EXPECT_NE(first.what.find("nine tenths of the gradients of 'linear1'"), std::string::npos) << first.what;
}

}  // namespace
}  // namespace halfwave
