// Training on tables, from the file to what a model says of another one.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "halfwave/base/random.h"
#include "sample.h"

namespace halfwave {
namespace {

// The price is a formula of size, city and noise; sizes are missing here and there.
std::string houses(std::uint64_t seed, int rows) {
  RandomStream random(seed, RandomPurpose::test);
  std::string text = "size,city,price,dear\n";
  for (int i = 0; i < rows; ++i) {
    const double size = 50 + 100 * static_cast<double>(random.uniform());
    const bool big_city = random.below(2) == 1;
    const double price = 1000 * size + (big_city ? 50'000 : 0) + 3000 * static_cast<double>(random.normal());
    text += fmt::format("{},{},{:.2f},{}\n", i % 40 == 7 ? "NA" : fmt::format("{:.1f}", size),
                        big_city ? "big" : "small", price, price > 125'000 ? "yes" : "no");
  }
  return text;
}

class TableTraining : public testing::Test {
 protected:
  TableTraining() { folder_.write("houses.csv", houses(1, 800)); }
  Folder folder_;
};

TEST_F(TableTraining, LearnsANumberAndPredictsIt) {
  Result result =
      folder_.run({"train", "mlp", "houses.csv", "--target", "price", "--epochs", "40", "--out", "run"});
  ASSERT_EQ(result.status, 0) << result.err;
  for (const char* part : {"the number 'price' to be learned from 3 columns", "train R2", "rows/s",
                           "best test R2 0.9", "the recipe for a table"})
    EXPECT_NE(result.out.find(part), std::string::npos) << part << " in " << result.out;
  EXPECT_NE(result.out.find("note: column 'size': 20 of 800 values are missing"), std::string::npos)
      << result.out;
  result = folder_.run({"evaluate", "run", "--json"});
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_GT(json.at("r2").get<double>(), 0.9);
  // R2 = 1 - rmse^2 / variance: of 160 rows of prices with a deviation of some 38,000.
  EXPECT_NEAR(json.at("rmse").get<double>(), 38'000 * std::sqrt(1 - json.at("r2").get<double>()), 4000);
  EXPECT_LT(json.at("mae").get<double>(), json.at("rmse").get<double>());
  EXPECT_NE(folder_.run({"evaluate", "run"}).out.find("'price' is missed by"), std::string::npos);
  EXPECT_EQ(folder_.run({"evaluate", "run", "--csv"}).out.find("rows,rmse,mae,r2,loss\n160,"), 0U);

  result = folder_.run({"inspect", "run"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out.find("run on 160 rows of "), 0U) << result.out;
  EXPECT_FALSE(nlohmann::json::parse(folder_.run({"inspect", "run", "--json"}).out).contains("accuracy"));

  folder_.write("new.csv", "city,dear,size\nsmall,no,100\nbig,yes,100\n");
  result = folder_.run({"predict", "run", "new.csv", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const std::size_t end = result.out.find('\n');
  const auto small = nlohmann::json::parse(result.out.substr(0, end));
  const auto big = nlohmann::json::parse(result.out.substr(end + 1));
  EXPECT_EQ(small.at("row"), "new.csv, line 2");
  EXPECT_NEAR(small.at("price").get<double>(), 100'000, 15'000);
  EXPECT_NEAR(big.at("price").get<double>(), 150'000, 15'000);
  EXPECT_NE(folder_.run({"predict", "run", "new.csv"}).out.find("new.csv, line 2: price "),
            std::string::npos);
  folder_.write("other.csv", houses(5, 100));
  EXPECT_EQ(folder_.run({"evaluate", "run", "other.csv"}).status, 0);
  folder_.write("less.csv", "city,size\nsmall,100\n");
  expect_error(folder_.run({"predict", "run", "less.csv"}), 1, {"less.csv", "no column 'dear'"});
}

TEST_F(TableTraining, LearnsAClassAndGoesOnToTheSameBits) {
  const Strings arguments{"train", "mlp", "houses.csv", "--epochs", "4", "--threads", "2", "--out", "whole"};
  Result result = folder_.run(arguments);
  ASSERT_EQ(result.status, 0) << result.err;
  std::filesystem::copy(folder_ / "whole", folder_ / "run");
  std::filesystem::remove(folder_ / "run/last.safetensors");
  ASSERT_EQ(folder_.run({"train", "--resume", "run"}).status, 0);
  expect_same_run(folder_ / "run", folder_ / "whole");
  result = folder_.run({"predict", "run", "houses.csv", "--top", "1"});
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 800);
  EXPECT_NE(result.out.find("houses.csv, line 2: "), std::string::npos);
}

// The other table has one city alone, which as a table of its own would be no column.
TEST_F(TableTraining, AModelGoesOnWithAnotherTable) {
  const Strings options{"--target", "price", "--epochs", "3"};
  const auto train = [&](Strings arguments) {
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Result result = folder_.run(arguments);
    EXPECT_EQ(result.status, 0) << result.err;
  };
  train({"train", "mlp", "houses.csv", "--out", "first"});
  std::string small;
  std::istringstream lines(houses(2, 400));
  for (std::string line; std::getline(lines, line);)
    if (line.find("big") == std::string::npos) small += line + "\n";
  folder_.write("small.csv", small);
  train({"train", "--from", "first", "small.csv", "--out", "second"});
  const auto resumed = [&](const Strings& files) {
    std::filesystem::remove_all(folder_ / "third");
    make_folder(folder_ / "third");
    for (const std::string& name : files)
      std::filesystem::copy(folder_ / ("second/" + name), folder_ / ("third/" + name));
    const Result result = folder_.run({"train", "--resume", "third"});
    EXPECT_EQ(result.status, 0) << result.err;
    expect_same_run(folder_ / "third", folder_ / "second");
  };
  resumed({"config.toml"});
  std::filesystem::remove_all(folder_ / "first");
  resumed({"config.toml", "best.safetensors", "previous.safetensors"});
}

TEST_F(TableTraining, ANetOfTheUsersNeedsALossForNumbers) {
  folder_.write("net.toml", "input = [1, 1, 6]\nlayers = [ { linear = 8 }, \"relu\", { linear = 1 } ]\n");
  expect_error(folder_.run({"train", "net.toml", "houses.csv", "--target", "price"}), 1,
               {"softmax_cross_entropy", "'price' of the data is a number", "huber"});
  folder_.write(
      "net.toml",
      "input = [1, 1, 6]\nlayers = [ { linear = 8 }, \"relu\", { linear = 1 } ]\nloss = \"huber\"\n");
  const Result result = folder_.run(
      {"train", "net.toml", "houses.csv", "--target", "price", "--epochs", "30", "--huber-delta", "0.5"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("best test R2 0.9"), std::string::npos) << result.out;
}

TEST_F(TableTraining, TheDataCommandShowsTheColumns) {
  const Result result = folder_.run({"data", "houses.csv", "--target", "price"});
  EXPECT_EQ(result.status, 0) << result.err;
  for (const char* part : {"size    numbers, some missing       2", "city    2 categories", "'price' is 1.2",
                           "rows left out: 0", "rows for testing that are also among those for training: "})
    EXPECT_NE(result.out.find(part), std::string::npos) << part << " in " << result.out;
  EXPECT_EQ(names(folder_.path()), Strings{"houses.csv"}) << "there is nothing to draw";
  expect_error(folder_.run({"data", "houses.csv", "--target", "prize"}), 1, {"no column 'prize'", "'price'"});
}

}  // namespace
}  // namespace halfwave
