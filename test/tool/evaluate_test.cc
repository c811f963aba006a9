// halfwave evaluate: figures that agree with each other, in all three forms.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "sample.h"

namespace halfwave {
namespace {

class Evaluate : public TrainedRun {
 protected:
  nlohmann::json json(const Strings& arguments) const { return TrainedRun::json("evaluate", arguments); }
};

TEST_F(Evaluate, AgreesWithItselfAndWithTheTraining) {
  const auto found = json({"run"});
  EXPECT_EQ(found.at("data"), (folder_ / "data").string());
  EXPECT_EQ(found.at("images"), 100);
  ASSERT_EQ(found.at("classes").size(), 4U);
  ASSERT_EQ(found.at("confusion").size(), 4U);
  std::vector<std::int64_t> predicted(4, 0);
  std::int64_t diagonal = 0;
  std::int64_t all = 0;
  for (std::size_t c = 0; c < 4; ++c) {
    const auto row = found.at("confusion")[c].get<std::vector<std::int64_t>>();
    ASSERT_EQ(row.size(), 4U);
    std::int64_t images = 0;
    for (std::size_t p = 0; p < 4; ++p) {
      images += row[p];
      predicted[p] += row[p];
    }
    all += images;
    diagonal += row[c];
    const auto& of_class = found.at("classes")[c];
    EXPECT_EQ(of_class.at("name"), std::to_string(c));
    EXPECT_EQ(of_class.at("images"), images);
    EXPECT_DOUBLE_EQ(of_class.at("recall"), static_cast<double>(row[c]) / static_cast<double>(images));
  }
  for (std::size_t p = 0; p < 4; ++p) {
    const auto right = found.at("confusion")[p][p].get<double>();
    EXPECT_DOUBLE_EQ(found.at("classes")[p].at("precision"), right / static_cast<double>(predicted[p]));
  }
  EXPECT_EQ(all, 100);
  EXPECT_LT(diagonal, 100) << "without a mistake this test shows little";
  EXPECT_DOUBLE_EQ(found.at("accuracy"), static_cast<double>(diagonal) / 100);
  // The best epoch of the table is the model measured here.
  std::istringstream lines(folder_.read("run/results.csv"));
  double best = 0;
  double loss = 0;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    std::vector<double> values;
    for (std::string cell; values.size() < 5 && std::getline(cells, cell, ',');)
      values.push_back(std::stod(cell));
    if (values.at(4) > best) {
      best = values[4];
      loss = values[3];
    }
  }
  EXPECT_NEAR(found.at("accuracy"), best, 1e-6);
  EXPECT_NEAR(found.at("loss"), loss, 1e-5);
}

TEST_F(Evaluate, TextAndCsvSayTheSame) {
  const auto found = json({"run"});
  const Result csv = folder_.run({"evaluate", "run", "--csv", "--threads", "1"});
  EXPECT_EQ(csv.status, 0);
  std::istringstream lines(csv.out);
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "class,images,recall,precision,loss,as 0,as 1,as 2,as 3");
  for (std::size_t c = 0; c < 4; ++c) {
    std::getline(lines, line);
    std::string counts;
    for (const auto& count : found.at("confusion")[c]) counts.append(",").append(count.dump());
    EXPECT_EQ(line.rfind(std::to_string(c) + "," + found.at("classes")[c].at("images").dump() + ",", 0), 0U)
        << line;
    EXPECT_TRUE(line.ends_with(counts)) << line << " should end with " << counts;
  }
  std::getline(lines, line);
  const std::string all =
      fmt::format("all,{},{:.6f},", found.at("images").get<int>(), found.at("accuracy").get<double>());
  EXPECT_TRUE(line.starts_with(all)) << line << " should begin with " << all;
  EXPECT_NE(line.find(fmt::format(",{:.6f},", found.at("loss").get<double>())), std::string::npos) << line;
  EXPECT_FALSE(std::getline(lines, line)) << line;
  const Result text = folder_.run({"evaluate", "run"});
  EXPECT_EQ(text.status, 0);
  const std::string head =
      fmt::format("100 images of {}: accuracy {:.2f} %, loss {:.4f}\n", (folder_ / "data").string(),
                  found.at("accuracy").get<double>() * 100, found.at("loss").get<double>());
  EXPECT_EQ(text.out.rfind(head, 0), 0U) << text.out;
  for (const char* part : {"class", "found (recall)", "right (precision)", "as 3", "0 0", "3 3"}) {
    EXPECT_NE(text.out.find(part), std::string::npos) << part;
  }
}

TEST_F(Evaluate, TakesOtherDataAndTheTrainingImages) {
  write_data(folder_ / "more", 5, 50, 30);
  EXPECT_EQ(json({"run", "more"}).at("images"), 30);
  EXPECT_EQ(json({"run", "--training"}).at("images"), 400);
}

TEST_F(Evaluate, FindsTheSameWithEveryWayOfComputing) {
  const auto dense = json({"run", "--kernels", "dense"});
  for (const Strings& kernels : {Strings{"--kernels", "auto"}, Strings{"--kernels", "winograd"},
                                 Strings{"--kernels", "sparse"}, Strings{"--exact"}}) {
    Strings arguments{"run"};
    arguments.insert(arguments.end(), kernels.begin(), kernels.end());
    const auto found = json(arguments);
    EXPECT_EQ(found.at("confusion"), dense.at("confusion")) << kernels.back();
    // Far above the roundings of a net of two convolutions.
    EXPECT_NEAR(found.at("loss"), dense.at("loss"), 1e-4) << kernels.back();
  }
  expect_error(folder_.run({"evaluate", "run", "--kernels", "quick"}), 2, {"kernels 'quick'", "auto, dense"});
  expect_error(folder_.run({"evaluate", "run", "--kernels", "dense", "--exact"}), 2, {"--exact"});
}

TEST_F(Evaluate, AModelFileAloneNeedsData) {
  expect_error(folder_.run({"evaluate", "run/best.safetensors"}), 2,
               {"run/best.safetensors is a model alone", "halfwave evaluate run/best.safetensors DATA"});
  EXPECT_EQ(json({"run/best.safetensors", (folder_ / "data").string()}), json({"run"}));
  // A checkpoint is a model too.
  EXPECT_EQ(json({"run/last.safetensors", "data"}).at("images"), 100);
}

TEST_F(Evaluate, SaysWhenNetAndDataDoNotFit) {
  make_folder(folder_ / "small");
  for (const auto& [part, count] : {std::pair{"train", 3U}, std::pair{"t10k", 2U}}) {
    folder_.write("small/" + std::string(part) + "-images", idx({count, 5, 7}, std::string(count * 35, 'x')));
    folder_.write("small/" + std::string(part) + "-labels", idx({count}, std::string(count, '\3')));
  }
  expect_error(folder_.run({"evaluate", "run", "small"}), 1,
               {"net 'plain' takes images of 12x12x1", "5x7x1"});
  make_folder(folder_ / "many");
  for (const auto& [part, count] : {std::pair{"train", 3U}, std::pair{"t10k", 2U}}) {
    folder_.write("many/" + std::string(part) + "-images",
                  idx({count, 12, 12}, std::string(count * 144, 'x')));
    folder_.write("many/" + std::string(part) + "-labels", idx({count}, std::string(count, '\7')));
  }
  expect_error(folder_.run({"evaluate", "run", "many"}), 1, {"net 'plain' has 4 outputs", "8 classes"});
}

TEST_F(Evaluate, SaysWhenThereIsNoModelYet) {
  make_folder(folder_ / "young");
  std::filesystem::copy(folder_ / "run/config.toml", folder_ / "young/config.toml");
  expect_error(folder_.run({"evaluate", "young"}), 1, {"young holds no model yet"});
  make_folder(folder_ / "runs/one");
  folder_.write("runs/one/best.safetensors", "");
  expect_error(folder_.run({"evaluate", "runs"}), 1, {"runs is no run but holds some", "as runs/one"});
  expect_error(folder_.run({"evaluate", "nowhere"}), 1, {"nowhere: no such run or model file"});
  // Without a best model the last checkpoint does.
  std::filesystem::copy(folder_ / "run/last.safetensors", folder_ / "young/last.safetensors");
  EXPECT_EQ(json({"young"}).at("images"), 100);
}

}  // namespace
}  // namespace halfwave
