// Tables and numbers as people read them.
#include "halfwave/base/table.h"

#include <gtest/gtest.h>

namespace halfwave {
namespace {

TEST(Table, AlignsItsColumns) {
  Table table({"net", "size"});
  table.align_right({1});
  table.add({"lenet5", "61,706"});
  table.add({"gr\xC3\xBC\xC3\x9F", "7"});  // two letters of two bytes each
  table.add_rule();
  table.add({"", "9"});
  EXPECT_EQ(table.text(),
            "net       size\n"
            "--------------\n"
            "lenet5  61,706\n"
            "gr\xC3\xBC\xC3\x9F         7\n"
            "--------------\n"
            "             9\n");
}

TEST(Table, WritesNumbersForPeople) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(123456789), "123,456,789");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(3140), "3.14 KB");
  EXPECT_EQ(bytes_text(12'000'000), "12 MB");
  EXPECT_EQ(bytes_text(std::size_t{1} << 33U), "8.59 GB");
  EXPECT_EQ(duration_text(3.6), "4 s");
  EXPECT_EQ(duration_text(59.6), "1:00 min");
  EXPECT_EQ(duration_text(125), "2:05 min");
  EXPECT_EQ(duration_text(3725), "1:02:05 h");
}

}  // namespace
}  // namespace halfwave
