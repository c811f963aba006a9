// A batch that inference runs in parts gives what single images give.
#include <gtest/gtest.h>

#include "halfwave/base/random.h"
#include "halfwave/net/built_in.h"
#include "halfwave/net/plan.h"

namespace halfwave {
namespace {

TEST(PlanParts, GiveWhatSingleImagesGive) {
  Net net(load_net("mnist-example"));  // 40 images of its widest layers are more than the caches hold
  net.initialise(1);
  constexpr std::int64_t batch = 40;
  Plan plan(net, {.batch = batch});
  Plan single(net, {.batch = 1});
  Plan whole(net, {.batch = batch, .training = true});
  EXPECT_LT(2 * plan.arena_bytes(), whole.arena_bytes()) << "the batch is not run in parts";
  Buffer x(net.input().size() * batch);
  RandomStream random(4, RandomPurpose::test);
  for (float& value : x.span()) value = random.normal();
  for (const std::int64_t n : {std::int64_t{16}, std::int64_t{17}, batch}) {
    const float* together = plan.forward(x.data(), n);
    const std::vector<float> y(together, together + static_cast<std::size_t>(n) * net.output().size());
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
      const float* one = single.forward(x.data() + i * net.input().size(), 1);
      for (std::size_t c = 0; c < net.output().size(); ++c) {
        // Other kernels sum the 9216 terms of the linear layer in another order.
        EXPECT_NEAR(y[i * net.output().size() + c], one[c], 1e-4) << "image " << i << " of " << n;
      }
    }
  }
}

}  // namespace
}  // namespace halfwave
