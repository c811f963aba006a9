#include "halfwave/train/fine_tune.h"

#include <gtest/gtest.h>

#include <cmath>

#include "common/error_message.h"
#include "halfwave/train/rate_test.h"
#include "halfwave/train/trainer.h"
#include "sample_data.h"

namespace halfwave {
namespace {

using Strings = std::vector<std::string>;

// The sample's pictures in as many classes as names.
class Renamed : public SampleData {
 public:
  explicit Renamed(Strings classes) : SampleData(200, 3), classes_(std::move(classes)) {}
  int label(std::size_t i) const override { return SampleData::label(i) % static_cast<int>(classes_.size()); }
  const Strings& classes() const override { return classes_; }

 private:
  Strings classes_;
};

DataPair renamed(const Strings& classes) {
  const auto data = std::make_shared<Renamed>(classes);
  return {.name = "renamed", .kind = "made", .train = data, .test = data};
}

Model trained() {
  Net net(parse_net(sample_net(), "test"));
  Trainer trainer(net, sample_data(), {.epochs = 1, .batch = 48});
  trainer.run({});
  return {std::move(net), trainer.info()};
}

std::vector<float> values_of(Net& net, const std::string& name) {
  for (const Net::Tensor& tensor : net.tensors())
    if (tensor.name == name) return {tensor.values.begin(), tensor.values.end()};
  ADD_FAILURE() << "no tensor " << name;
  return {};
}

TEST(FineTune, OtherClassesBeginAnewInTheLastLayerAlone) {
  Model model = trained();
  const DataPair data = renamed({"a", "b", "c"});
  Net net(fine_tuned(model, *data.train));
  EXPECT_EQ(net.output().size(), 3U);
  EXPECT_EQ(fresh_layers(model, net, *data.train), Strings{"linear2"});
  Trainer trainer(net, data, {.epochs = 1, .batch = 48, .average = 0.9, .fresh = "linear2"});
  trainer.start_from(model);
  for (const char* name : {"conv1.weight", "batch_norm1.running_mean", "linear1.weight"}) {
    EXPECT_EQ(values_of(net, name), values_of(model.net, name)) << name;
    EXPECT_EQ(values_of(trainer.model_net(), name), values_of(model.net, name)) << name;
  }
}

TEST(FineTune, TheSameClassesKeepAllLayersAndOtherNamesDoNot) {
  Model model = trained();
  Net net(fine_tuned(model, *sample_data().train));
  EXPECT_EQ(fresh_layers(model, net, *sample_data().train), Strings{});
  EXPECT_EQ(fresh_layers(model, net, *renamed({"a", "b", "c", "d"}).train), Strings{"linear2"});
}

TEST(FineTune, RatesAreTriedOnTheModelAndItsFrozenLayersStay) {
  Model model = trained();
  Net net(fine_tuned(model, *sample_data().train));
  Trainer trainer(net, sample_data(), {.batch = 48, .freeze = "conv1"});
  trainer.start_from(model);
  const RateTest test = test_rates(trainer, 60);
  EXPECT_LT(test.points.front().loss, 0.8 * std::log(4)) << "of a net that knows nothing of four classes";
  EXPECT_EQ(values_of(net, "conv1.weight"), values_of(model.net, "conv1.weight"));
  EXPECT_NE(values_of(net, "linear1.weight"), values_of(model.net, "linear1.weight"));
}

TEST(FineTune, FrozenLayersStayAndOldOnesLearnSlowly) {
  Model model = trained();
  const DataPair data = renamed({"a", "b", "c"});
  const auto change = [&](const TrainOptions& options, const std::string& name) {
    Net net(fine_tuned(model, *data.train));
    Trainer trainer(net, data, options);
    trainer.start_from(model);
    const std::vector<float> before = values_of(net, name);
    trainer.run({});
    const std::vector<float> after = values_of(net, name);
    double sum = 0;
    for (std::size_t i = 0; i < before.size(); ++i)
      sum += std::abs(static_cast<double>(after[i]) - static_cast<double>(before[i]));
    return sum;
  };
  TrainOptions options{.epochs = 1, .batch = 48, .rate = 0.01, .fresh = "linear2"};
  const double whole = change(options, "linear1.weight");
  options.old_rate = 0.01;
  EXPECT_LT(change(options, "linear1.weight"), 0.1 * whole);
  EXPECT_GT(change(options, "linear1.weight"), 0);
  EXPECT_GT(change(options, "linear2.weight"), 0);
  options.freeze = "conv1,linear1";
  EXPECT_EQ(change(options, "conv1.weight"), 0);
  EXPECT_EQ(change(options, "linear1.bias"), 0);
  EXPECT_GT(change(options, "batch_norm1.weight"), 0);
  options.freeze = "old";
  EXPECT_EQ(change(options, "batch_norm1.weight"), 0);
  EXPECT_GT(change(options, "linear2.weight"), 0);
}

TEST(FineTune, SaysWhatIsWrong) {
  Model model = trained();
  EXPECT_EQ(message([&] { rate_factors(model.net, {.freeze = "conv2"}); }),
            "freeze: net 'sample' has no layer 'conv2'; did you mean 'conv1'?");
  Net other(parse_net("name = 'other'\ninput = [8, 8, 1]\nlayers = [{ conv = 4, kernel = 8 }]", "test"));
  other.initialise(1);
  const Model convolution{std::move(other), trained().info};
  EXPECT_EQ(message([&] {
              fine_tuned(convolution, *renamed({"a", "b"}).train);
            }),
            "net 'other' does not end in a linear layer: it cannot be made to give 2 classes");
}

}  // namespace
}  // namespace halfwave
