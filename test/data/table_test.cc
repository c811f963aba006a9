#include <fmt/format.h>
#include <gtest/gtest.h>

#include "halfwave/data/table_dataset.h"
#include "sample.h"

namespace halfwave {
namespace {

using Strings = std::vector<std::string>;

const char* const animals =
    "name,legs,skin,weight,kind\n"
    "a,4,fur,1.5,mammal\n"
    "b,2,feathers,NA,bird\n"
    "c,4,,3.5,mammal\n"
    "d,2,feathers,1,bird\n"
    "e,0,scales,2,fish\n"
    "f,0,scales,+2.0e0,fish\n";

std::vector<float> row(const TableForm& form, const Csv& csv, std::size_t i) {
  std::vector<float> values(form.values());
  encode_row(form, find_places(form, csv, false), csv, i, values.data());
  return values;
}

TEST(TableForm, IsFound) {
  Strings notes;
  const TableForm form = find_form(parse_csv(animals, "t.csv"), "", notes);
  EXPECT_EQ(form.target, "kind");
  EXPECT_FALSE(form.regression);
  ASSERT_EQ(form.columns.size(), 4U);
  EXPECT_EQ(form.columns[0].categories, (Strings{"a", "b", "c", "d", "e", "f"}));
  EXPECT_TRUE(form.columns[1].is_number());
  EXPECT_EQ(form.columns[2].categories, (Strings{"feathers", "fur", "scales"}));
  EXPECT_TRUE(form.columns[2].marks_missing);
  EXPECT_EQ(form.columns[3].fill, 2);  // the mean of 1.5, 3.5, 1, 2 and 2
  EXPECT_EQ(form.values(), 6U + 1 + 4 + 2);
  EXPECT_EQ(notes, (Strings{"column 'skin': 1 of 6 values are missing",
                            "column 'weight': 1 of 6 values are missing, the mean stands for them"}));
}

TEST(TableForm, RowsBecomeValues) {
  Strings notes;
  const Csv csv = parse_csv(animals, "t.csv");
  const TableForm form = find_form(csv, "kind", notes);
  EXPECT_EQ(row(form, csv, 1), (std::vector<float>{0, 1, 0, 0, 0, 0, 2, 1, 0, 0, 0, 2, 1}));
  EXPECT_EQ(row(form, csv, 2), (std::vector<float>{0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1, 3.5F, 0}));
  // Another table: columns in another order, a category that is not known, no target.
  const Csv other = parse_csv("weight;skin;name;legs\n7;wool;z;3\n", "o.csv");
  EXPECT_EQ(row(form, other, 0), (std::vector<float>{0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 7, 0}));
  EXPECT_EQ(message([&] { row(form, parse_csv("weight,skin,name,legs\nheavy,wool,z,3\n", "o.csv"), 0); }),
            "o.csv, line 2: expected a number as 'weight', got 'heavy'");
  EXPECT_EQ(message([&] { row(form, parse_csv("weigth,skin,name,legs\n1,wool,z,3\n", "o.csv"), 0); }),
            "o.csv: it has no column 'weight'; did you mean 'weigth'?");
}

TEST(TableForm, TellsNumbersFromClasses) {
  const auto is_number = [](const std::string& cells) {
    Strings notes;
    return find_form(parse_csv("x,y\n" + cells, "t"), "y", notes).regression;
  };
  EXPECT_FALSE(is_number("1,0\n2,1\n3,1\n"));
  EXPECT_TRUE(is_number("1,0.5\n2,1\n3,1\n"));
  EXPECT_FALSE(is_number("1,a\n2,1\n3,1\n"));
  std::string many;
  for (int i = 0; i < 21; ++i) many += fmt::format("{},{}\n", i, i);
  EXPECT_TRUE(is_number(many));
}

TEST(TableForm, LeavesOutWhatTeachesNothing) {
  std::string text = "id,same,x,y\n";
  for (int i = 0; i < 150; ++i) text += fmt::format("n{},1,{},{}\n", i, i, i % 2 == 0 ? "a" : "b");
  Strings notes;
  const TableForm form = find_form(parse_csv(text, "t"), "y", notes);
  ASSERT_EQ(form.columns.size(), 1U);
  EXPECT_EQ(form.columns[0].name, "x");
  EXPECT_EQ(notes, (Strings{"column 'id' is left out: it has 150 different texts",
                            "column 'same' is left out: it is the same everywhere"}));
  EXPECT_EQ(message([] {
              Strings none;
              find_form(parse_csv("x,y\n1,a\n1,b\n", "t.csv"), "y", none);
            }),
            "t.csv: no column beside 'y' can be used");
}

class Tables : public testing::Test {
 protected:
  std::string put(const std::string& name, const std::string& text) {
    write_file(folder_ / name, text);
    return (folder_ / name).string();
  }
  TestFolder folder_;
};

TEST_F(Tables, OfClasses) {
  const DataPair data = open_data(put("t.csv", animals), {.test_share = 0.5});
  EXPECT_EQ(data.kind,
            "a table, the class 'kind' to be learned from 4 columns, 50 % of the rows drawn for testing");
  EXPECT_EQ(data.train->classes(), (Strings{"bird", "fish", "mammal"}));
  EXPECT_EQ(data.train->size(), 3U);
  EXPECT_EQ(data.test->size(), 3U);
  EXPECT_EQ(data.train->shape(), (Shape{.height = 1, .width = 1, .channels = 13}));
  EXPECT_FALSE(data.train->is_regression());
}

TEST_F(Tables, ClassesThatAreNumbersAreInTheirOrder) {
  const DataPair data = open_data(put("t.csv", "x,y\n1,10\n2,9\n3,10\n4,9\n5,100\n6,100\n"));
  EXPECT_EQ(data.train->classes(), (Strings{"9", "10", "100"}));
}

TEST_F(Tables, OfNumbers) {
  const DataPair data =
      open_data(put("t.csv", "price,rooms\n100.5,1\n200,2\n,3\n400,4\n500,5\n"), {.target = "price"});
  EXPECT_TRUE(data.train->is_regression());
  EXPECT_EQ(data.train->classes(), Strings{"price"});
  EXPECT_EQ(data.train->size() + data.test->size(), 4U);
  EXPECT_EQ(data.skipped, Strings{(folder_ / "t.csv").string() + ", line 4: its 'price' is missing"});
  for (std::size_t i = 0; i < data.train->size(); ++i) {
    float rooms = 0;
    data.train->get(i, &rooms);
    EXPECT_EQ(data.train->target(i), rooms == 1 ? 100.5F : 100 * rooms);
    EXPECT_EQ(data.train->label(i), 0);
  }
  EXPECT_NE(open_data(put("t.csv", "price,rooms\n100.5,1\n200,2\n300,3\n401,4\n500,5\n"), {.target = "price"})
                .train->fingerprint(),
            data.train->fingerprint());
}

TEST_F(Tables, InTwoFiles) {
  put("train.csv", "x,y\n1,a\n2,b\n3,a\n");
  put("test.csv", "y,x\nb,9\n");
  const DataPair data = open_data(folder_.string());
  EXPECT_EQ(data.kind, "two tables, the class 'y' to be learned from 1 columns");
  EXPECT_EQ(data.train->size(), 3U);
  EXPECT_EQ(data.test->size(), 1U);
  EXPECT_EQ(data.test->label(0), 1);
  float x = 0;
  data.test->get(0, &x);
  EXPECT_EQ(x, 9);
}

TEST_F(Tables, SayWhatIsWrong) {
  const auto error = [&](const std::string& text, const DataOptions& options = {}) {
    return message([&] { open_data(put("t.csv", text), options); });
  };
  const std::string file = (folder_ / "t.csv").string();
  EXPECT_EQ(error(animals, {.target = "knid"}), file + ": it has no column 'knid'; did you mean 'kind'?");
  EXPECT_EQ(error("x,y\n1,a\n2,a\n"), file + ": expected at least two classes as 'y', got one, 'a'");
  EXPECT_EQ(error("x,y\n1,a\n2,b\n"), file + ": expected at least two rows of some class, got 2 rows");
  EXPECT_EQ(error("x,y\n1,NA\n2,\n"), file + ": no row has a 'y'");
  EXPECT_EQ(error("x,y\n1,a\n2,\n3,b\n", {.strict = true}), file + ", line 3: its 'y' is missing");
  EXPECT_EQ(error("x,y\n1,a\n2,c\n", {.classes = {"a", "b"}}),
            file + ", line 3: unknown class 'c' as 'y'; did you mean 'a'?");
}

}  // namespace
}  // namespace halfwave
