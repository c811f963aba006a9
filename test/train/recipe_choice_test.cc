#include <gtest/gtest.h>

#include "common/test_folder.h"
#include "halfwave/data/table_dataset.h"
#include "halfwave/net/built_in.h"
#include "halfwave/train/adapt.h"
#include "halfwave/train/model.h"
#include "halfwave/train/recipe.h"
#include "sample_data.h"

namespace halfwave {
namespace {

// Pictures of any size and number, in seven classes.
class Pictures : public SampleData {
 public:
  Pictures(std::size_t size, Shape shape) : SampleData(size, 1), shape_(shape) {}
  Shape shape() const override { return shape_; }
  const std::vector<std::string>& classes() const override { return classes_; }

 private:
  Shape shape_;
  std::vector<std::string> classes_{"a", "b", "c", "d", "e", "f", "g"};
};

DataPair table() {
  return open_table(parse_csv("x,y,z\n1,2.5,a\n2,3.5,b\n3,1,a\n4,9,b\n", "t"), {}, {.target = "y"});
}

TEST(RecipeChoice, KnowsNetsAndDataTogether) {
  const Pictures cifar(50'000, {.height = 32, .width = 32, .channels = 3});
  EXPECT_EQ(recipe_for(load_net("resnet20"), cifar).options.schedule, ScheduleKind::one_cycle);
  EXPECT_EQ(recipe_for(load_net("cifar-quick"), cifar).options.augment, "flip,crop=2");
  EXPECT_EQ(recipe_for(load_net("lenet5"), cifar).name, "");
  EXPECT_EQ(recipe_for(load_net("resnet20"), Pictures(50'000, {64, 64, 3})).name, "");
  EXPECT_EQ(recipe_for(load_net("resnet20"), Pictures(50, {32, 32, 3})).name, "");
  EXPECT_EQ(recipe_for(load_net("mlp"), *table().train).options.optimiser, OptimiserKind::adamw);
}

TEST(RecipeChoice, WhatIsChosenCounts) {
  const TrainOptions recipe{.epochs = 20, .rate = 0.2, .augment = "flip"};
  const TrainOptions chosen{.epochs = 3, .seed = 9, .rate = 0.7};
  const TrainOptions both = merged(recipe, chosen, [](std::string_view key) {
    return key == "epochs" || key == "seed" || key == "augment";
  });
  EXPECT_EQ(both.epochs, 3);
  EXPECT_EQ(both.seed, 9U);
  EXPECT_EQ(both.rate, 0.2);
  EXPECT_EQ(both.augment, "");
}

TEST(Adapt, FitsInputAndOutputs) {
  const NetSpec spec = adapted(load_net("lenet5"), Pictures(10, {.height = 40, .width = 36, .channels = 3}));
  const Net net(spec);
  EXPECT_EQ(net.input(), (Shape{.height = 40, .width = 36, .channels = 3}));
  EXPECT_EQ(net.output().size(), 7U);
  EXPECT_EQ(spec.loss, "softmax_cross_entropy");
  const NetSpec number = adapted(load_net("mlp"), *table().train);
  EXPECT_EQ(Net(number).output().size(), 1U);
  EXPECT_EQ(number.loss, "mean_squared_error");
  NetSpec huber = load_net("mlp");
  huber.loss = "huber";
  EXPECT_EQ(adapted(huber, *table().train).loss, "huber");
}

TEST(ModelInfo, OfATableComesBackAsItWas) {
  const DataPair data = table();
  Net net(adapted(load_net("mlp"), *data.train));
  net.initialise(1);
  const ModelInfo info = describe_data(*data.train);
  const TestFolder folder;
  const std::filesystem::path path = folder / "table.safetensors";
  save_model(path, net, info);
  const Model back = load_model(path);
  EXPECT_EQ(back.info.table, info.table);
  EXPECT_EQ(back.info.target, info.target);
}

}  // namespace
}  // namespace halfwave
