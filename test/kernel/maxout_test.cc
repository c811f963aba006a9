// Maxout against its definition, special values among the others.
#include "halfwave/kernel/maxout.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernel_testing.h"

namespace halfwave::kernel {
namespace {

TEST(Maxout, TakesTheFirstNaNOrTheFirstOfTheLargest) {
  // Few different values: equal ones are frequent, and so are zeros of both signs.
  const std::vector<float> values{-1, -0.0F, 0, 1, 1, infinity, -infinity, not_a_number};
  for (const std::size_t pieces : {2U, 3U, 4U, 5U, 255U}) {
    for (const std::size_t outputs : {1U, 3U, 4U, 7U, 8U, 15U, 16U, 17U, 50U, 40000U}) {
      if (outputs * pieces > 200000) continue;
      SCOPED_TRACE(fmt::format("{} of {} pieces", outputs, pieces));
      const Edge edge = outputs % 2 == 0 ? Edge::back : Edge::front;
      RandomStream random = random_of(pieces);
      std::vector<float> input(outputs * pieces);
      for (float& value : input) value = one_of(random, values);
      const Guarded<float> x(input, edge);
      const Guarded<float> dy(normal_values(random, outputs), edge);
      const auto run = [&] {
        Guarded<float> y(outputs, edge);
        Guarded<float> alone(outputs, edge);
        Guarded<float> dx(input.size(), edge);
        Guarded<std::uint8_t> winners(outputs, edge);
        maxout_forward(outputs, pieces, x.data(), y.data(), winners.data());
        maxout_forward(outputs, pieces, x.data(), alone.data(), nullptr);
        maxout_backward(outputs, pieces, dy.data(), winners.data(), dx.data());
        ASSERT_EQ(bits(alone.values()), bits(y.values()));
        for (std::size_t i = 0; i < outputs; ++i) {
          const float* from = input.data() + i * pieces;
          std::size_t best = 0;
          for (std::size_t k = 1; k < pieces && !std::isnan(from[best]); ++k) {
            if (std::isnan(from[k]) || from[k] > from[best]) best = k;
          }
          ASSERT_EQ(std::bit_cast<std::uint32_t>(y[i]), std::bit_cast<std::uint32_t>(from[best])) << i;
          ASSERT_EQ(winners[i], best) << i;
          for (std::size_t k = 0; k < pieces; ++k)
            ASSERT_EQ(dx[i * pieces + k], k == best ? dy.data()[i] : 0) << i;
        }
      };
      for_each_target(run);
      for (const int threads : {1, 2}) {
        const ThreadScope scope(threads);
        run();
      }
    }
  }
}

}  // namespace
}  // namespace halfwave::kernel
