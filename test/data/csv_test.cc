#include "halfwave/data/csv.h"

#include <gtest/gtest.h>

#include "sample.h"

namespace halfwave {
namespace {

using Row = std::vector<std::string>;

TEST(Csv, ReadsCellsWithAnySeparator) {
  for (const std::string separator : {",", ";", "\t"}) {
    const Csv csv = parse_csv("a" + separator + "b\n1" + separator + " x y \n", "t.csv");
    EXPECT_EQ(csv.header, (Row{"a", "b"}));
    EXPECT_EQ(csv.rows, (std::vector<Row>{{"1", "x y"}}));
  }
  EXPECT_EQ(parse_csv("a\n1\n", "t").rows, (std::vector<Row>{{"1"}}));
}

TEST(Csv, ReadsQuotes) {
  const Csv csv = parse_csv("\"a,\"\"b\"\"\",c\n\"two\nlines\" , \"\"\nx,\"it's\"", "t");
  EXPECT_EQ(csv.header, (Row{"a,\"b\"", "c"}));
  EXPECT_EQ(csv.rows, (std::vector<Row>{{"two\nlines", ""}, {"x", "it's"}}));
  EXPECT_EQ(csv.lines, (std::vector<std::size_t>{2, 4}));
}

TEST(Csv, TakesWhatOtherSystemsWrite) {
  const Csv csv = parse_csv(
      "\xEF\xBB\xBF"
      "a,b\r\n1,2\r\n\r\n,\r\n",
      "t");
  EXPECT_EQ(csv.header, (Row{"a", "b"}));
  EXPECT_EQ(csv.rows, (std::vector<Row>{{"1", "2"}, {"", ""}}));
  EXPECT_EQ(csv.lines, (std::vector<std::size_t>{2, 4}));
}

TEST(Csv, SaysWhatIsWrongAndWhere) {
  const auto error = [](const std::string& text) { return message([&] { parse_csv(text, "t.csv"); }); };
  EXPECT_EQ(error("a,b\n1,2\n3\n"), "t.csv, line 3: expected 2 cells, as the first line has, got 1");
  EXPECT_EQ(error("a,b\n1,2,3\n"), "t.csv, line 2: expected 2 cells, as the first line has, got 3");
  EXPECT_EQ(error("a,b\n\n1,\"x\n\n"), "t.csv, line 3: a quote is opened and never closed");
  EXPECT_EQ(error("a,b\n\"1\"x,2\n"), "t.csv, line 2: expected a separator behind a closing quote");
  for (const char* text : {"", "a,b", "a,b\n", "\n\n"})
    EXPECT_EQ(error(text), "t.csv: expected a line of names and rows below it, found no row") << text;
  EXPECT_EQ(error("a,b\n\xff,2\n"), "t.csv: expected a table as text in UTF-8, got other bytes");
  EXPECT_EQ(error(std::string("a,b\n\0,2\n", 8)),
            "t.csv: expected a table as text in UTF-8, got other bytes");
}

}  // namespace
}  // namespace halfwave
