#include "halfwave/train/recipe.h"

#include <algorithm>

namespace halfwave {
namespace {

// CIFAR and its like: a few pictures would take other rates.
bool is_like_cifar(const Dataset& data) {
  return data.shape() == Shape{.height = 32, .width = 32, .channels = 3} && data.size() >= 10'000;
}

// About 4000 steps, so that small tables are seen often.
TrainOptions for_table(std::size_t rows) {
  constexpr std::int64_t batch = 32;
  const auto steps = static_cast<std::int64_t>(rows) / batch + 1;
  return {.epochs = std::clamp(4000 / steps, std::int64_t{10}, std::int64_t{200}),
          .batch = batch,
          .optimiser = OptimiserKind::adamw};
}

}  // namespace

Recipe recipe_for(const NetSpec& net, const Dataset& data) {
  if (data.table() != nullptr) return {"a table", for_table(data.size())};
  if (is_like_cifar(data) && net.name == "cifar-quick")
    return {"cifar-quick on many colour pictures of 32x32",
            {.epochs = 20, .rate = 0.05, .augment = "flip,crop=2"}};
  if (is_like_cifar(data) && net.name == "resnet20") {
    return {"resnet20 on many colour pictures of 32x32",
            {.epochs = 80,
             .batch = 128,
             .rate = 0.2,
             .weight_decay = 1e-3,
             .schedule = ScheduleKind::one_cycle,
             .label_smoothing = 0.1,
             .augment = "flip,crop=4,cutout=8"}};
  }
  return {};
}

}  // namespace halfwave
