// halfwave inspect: the same figures in all forms, what rules say, and its exit codes.
#include <nlohmann/json.hpp>

#include "sample.h"

namespace halfwave {
namespace {

class Inspect : public TrainedRun {
 protected:
  nlohmann::json json(const Strings& arguments) const { return TrainedRun::json("inspect", arguments); }
};

TEST_F(Inspect, AgreesWithEvaluate) {
  const auto found = json({"run"});
  const auto evaluated = nlohmann::json::parse(folder_.run({"evaluate", "run", "--json"}).out);
  EXPECT_EQ(found.at("images"), 100);
  EXPECT_EQ(found.at("data"), evaluated.at("data"));
  EXPECT_EQ(found.at("accuracy"), evaluated.at("accuracy"));
  EXPECT_NEAR(found.at("loss").get<double>(), evaluated.at("loss").get<double>(), 1e-5);
}

TEST_F(Inspect, TellsTheSameInAllForms) {
  const auto found = json({"run"});
  ASSERT_GE(found.at("layers").size(), 2U);
  const Result csv = folder_.run({"inspect", "run", "--csv"});
  EXPECT_EQ(csv.status, 0);
  const Result table = folder_.run({"inspect", "run"});
  EXPECT_EQ(table.status, 0);
  EXPECT_EQ(table.err, "");
  std::size_t rows = 1;
  for (const auto& layer : found.at("layers")) {
    const auto name = layer.at("name").get<std::string>();
    for (const char* const list : {"dead", "dormant", "saturated"}) EXPECT_TRUE(layer.at(list).is_array());
    EXPECT_NE(table.out.find("\n" + name + " "), std::string::npos) << table.out;
    for (std::size_t unit = 0; unit < layer.at("units").get<std::size_t>(); ++unit, ++rows)
      EXPECT_NE(csv.out.find("\n" + name + "," + std::to_string(unit) + ","), std::string::npos);
  }
  EXPECT_EQ(static_cast<std::size_t>(std::count(csv.out.begin(), csv.out.end(), '\n')), rows);
  EXPECT_EQ(found.at("gradient").at("layers").size(), 2U);
  EXPECT_GT(found.at("gradient").at("first_by_last").get<double>(), 0);
  EXPECT_TRUE(found.at("gradient").at("layers")[0].contains("update_ratio"));
  EXPECT_NE(table.out.find("first by last layer: "), std::string::npos);
}

// Each image is active somewhere, but no unit is in all: with 100 % asked for, all that ever rest are dead.
TEST_F(Inspect, AppliesRulesAndThresholds) {
  EXPECT_EQ(json({"run"}).at("findings").size(), 0U);
  EXPECT_NE(folder_.run({"inspect", "run"}).out.find("no findings (sagemaker, autotrainer)\n"),
            std::string::npos);
  EXPECT_EQ(folder_.run({"inspect", "run", "--strict"}).status, 0);
  const Strings hard = {"run", "--rules", "redo", "--threshold", "dormancy=1"};
  const auto found = json(hard);
  ASSERT_GE(found.at("findings").size(), 1U);
  const auto& finding = found.at("findings")[0];
  EXPECT_EQ(finding.at("rule"), "dormant_units");
  EXPECT_EQ(finding.at("rules"), "redo");
  EXPECT_EQ(finding.at("threshold"), 1);
  EXPECT_EQ(finding.at("units"), found.at("layers")[0].at("dormant"));
  Strings strict = hard;
  strict.insert(strict.begin(), "inspect");
  strict.push_back("--strict");
  const Result result = folder_.run(strict);
  EXPECT_NE(result.out.find("- dormant_units (on 100 images): unit"), std::string::npos) << result.out;
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.err.find("halfwave: "), 0U);
}

TEST_F(Inspect, TakesModelFilesAndOtherData) {
  const auto found = json({"run/best.safetensors", "data", "--images", "30"});
  EXPECT_EQ(found.at("images"), 30);
  EXPECT_FALSE(found.at("gradient").at("layers")[0].contains("update_ratio")) << "the rate is not known";
  EXPECT_EQ(json({"run", "--training"}).at("images"), 400);
  expect_error(folder_.run({"inspect", "run/best.safetensors"}), 2,
               {"run/best.safetensors is a model alone", "halfwave inspect run/best.safetensors DATA"});
  expect_error(folder_.run({"inspect", "run", "--rules", "strict"}), 2, {"unknown rules 'strict'"});
  expect_error(folder_.run({"inspect", "run", "--threshold", "x=1"}), 2, {"unknown threshold 'x'"});
  expect_error(folder_.run({"inspect", "nothing"}), 1, {"nothing"});
}

}  // namespace
}  // namespace halfwave
