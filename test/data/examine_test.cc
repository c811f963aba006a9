#include "halfwave/data/examine.h"

#include <gtest/gtest.h>

#include "sample.h"

namespace halfwave {
namespace {

TEST(Examine, CountsLabels) {
  const MadeDataset data(23, {1, 1, 1}, [](std::size_t, std::size_t) { return 0; });
  EXPECT_EQ(count_labels(data), (std::vector<std::size_t>{3, 3, 3, 2, 2, 2, 2, 2, 2, 2}));
}

TEST(Examine, FindsDuplicates) {
  const Shape shape{.height = 2, .width = 1, .channels = 1};
  const MadeDataset train(6, shape,
                          [](std::size_t i, std::size_t place) { return static_cast<int>(i / 2 + place); });
  const MadeDataset test(5, shape, [](std::size_t i, std::size_t place) {
    return static_cast<int>(i == 3 ? 1 + place : 100 + i);
  });
  const std::vector<Duplicate> found = find_duplicates(train, test);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].test, 3U);
  EXPECT_EQ(found[0].train, 2U) << "the first of two";
}

}  // namespace
}  // namespace halfwave
