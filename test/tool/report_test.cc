// halfwave report and halfwave maps: what they leave, and what they say of what cannot be drawn.
#include "../report/text_testing.h"
#include "sample.h"

namespace halfwave {
namespace {

class Report : public TrainedRun {};

TEST_F(Report, OfARunTellsItsTraining) {
  const Result result = folder_.run({"report", "run"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out, "run/report.html: open it in a browser\n");
  const std::string page = folder_.read("run/report.html");
  for (const char* part : {"<h1>plain on data</h1>", "% of 100 images of data right, after ",
                           "How it learned", "How a filter slides", "halfwave train", "activation = "})
    EXPECT_TRUE(holds(page, part)) << part;
  EXPECT_TRUE(holds(page, ", oneDNN "));
  EXPECT_FALSE(holds(page, folder_.path().string() + "/run")) << "where it lies is nobody's business";
}

TEST_F(Report, OfAModelFileNeedsData) {
  expect_error(folder_.run({"report", "run/best.safetensors"}), 2,
               {"run/best.safetensors is a model alone", "halfwave report run/best.safetensors DATA"});
  const Result result = folder_.run({"report", "run/best.safetensors", "data", "--images", "30"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, "best-report.html: open it in a browser\n");
  const std::string page = folder_.read("best-report.html");
  EXPECT_TRUE(holds(page, "30 of 100"));
  EXPECT_FALSE(holds(page, "How it learned"));
  EXPECT_EQ(folder_.run({"report", "run/best.safetensors", "data", "--out", "other.html"}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "other.html"));
}

TEST_F(Report, TakesRulesAndThresholds) {
  EXPECT_EQ(folder_.run({"report", "run", "--rules", "redo", "--threshold", "dormancy=1"}).status, 0);
  EXPECT_TRUE(holds(folder_.read("run/report.html"), "dormant_units"));
  expect_error(folder_.run({"report", "run", "--rules", "strict"}), 2, {"unknown rules 'strict'"});
  expect_error(folder_.run({"report", "run", "--threshold", "x=1"}), 2, {"unknown threshold 'x'"});
  expect_error(folder_.run({"report", "nothing"}), 1, {"nothing: no such run or model file"});
  expect_error(folder_.run({"report", "run", "--out", "no/such/page.html"}), 1, {"no/such"});
}

// Numbers are learned: no classes, no pictures.
TEST_F(Report, OfATable) {
  std::string rows = "a,b\n";
  for (int i = 0; i < 100; ++i) rows += std::to_string(i) + "," + std::to_string(2 * i) + "\n";
  folder_.write("line.csv", rows);
  const Result trained =
      folder_.run({"train", "mlp", "line.csv", "--target", "b", "--epochs", "3", "--out", "line"});
  ASSERT_EQ(trained.status, 0) << trained.err;
  const std::string page = folder_.read("line/report.html");
  for (const char* part :
       {"of the variance of b in 20 rows of line.csv", "How far off it is", "is missed by"})
    EXPECT_TRUE(holds(page, part)) << part;
  for (const char* part : {"What it takes for what", "How a filter slides"})
    EXPECT_FALSE(holds(page, part)) << part;
  expect_error(folder_.run({"maps", "line", "line.csv"}), 1, {"line takes no pictures"});
}

TEST_F(Report, ADamagedHistoryOrComparisonCostsOnlyItsPart) {
  for (const char* name : {"run/last.safetensors", "run/previous.safetensors"}) {
    const std::string bytes = folder_.read(name);
    folder_.write(name, bytes.substr(0, bytes.size() / 2));
  }
  folder_.write("comparison.csv", "contestant,seed\nrelu\n");
  const Result result = folder_.run({"report", "run"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(holds(result.err, "warning: what its epochs were is not known: run/last.safetensors"))
      << result.err;
  EXPECT_TRUE(holds(result.err, "warning: the comparison it is part of is left out")) << result.err;
  const std::string page = folder_.read("run/report.html");
  EXPECT_FALSE(holds(page, "How it learned"));
  EXPECT_FALSE(holds(page, "Beside others"));
  // That of other runs, and some other table, are not this run's.
  const std::string comparison = "contestant,seed,test_accuracy,seconds\nrelu,1,0.75,3\ntanh,1,0.5,4\n";
  for (const std::string& other : {comparison, std::string("x,y\n1,2\n")}) {
    folder_.write("comparison.csv", other);
    EXPECT_EQ(folder_.run({"report", "run"}).status, 0);
    EXPECT_FALSE(holds(folder_.read("run/report.html"), "Beside others"));
  }
  folder_.write("comparison.csv", comparison);
  std::filesystem::rename(folder_ / "run", folder_ / "tanh-1");
  EXPECT_EQ(folder_.run({"report", "tanh-1"}).status, 0);
  const std::string beside = folder_.read("tanh-1/report.html");
  EXPECT_TRUE(holds(beside, "Beside others"));
  EXPECT_TRUE(holds(beside, "<td>tanh</td><td class=\"right\">1</td><td class=\"right\">0.5</td></tr>"));
}

// Names that no browser reads in an SVG file, or that lead elsewhere.
TEST_F(Report, StrangeNamesAreShownSafely) {
  EXPECT_EQ(folder_.run({"export", "data", "pictures", "--count", "1"}).status, 0);
  const auto picture = folder_ / "pictures" / names(folder_ / "pictures").at(0);
  std::filesystem::copy(picture, folder_ / "caf\xe9<b>.png");
  EXPECT_EQ(folder_.run({"maps", "run", "caf\xe9<b>.png", "--out", "sheet.svg"}).status, 0);
  EXPECT_TRUE(holds(folder_.read("sheet.svg"), "caf\\xe9&lt;b&gt;.png"));
  const Result trained = folder_.run({"train", "net.toml", "data", "--epochs", "1", "--out", "caf\xe9"});
  EXPECT_EQ(trained.status, 0) << trained.err;
  EXPECT_EQ(folder_.run({"report", "caf\xe9"}).status, 0);
}

TEST_F(Report, OfOtherDataLeavesThePageOfTheTraining) {
  const std::string page = folder_.read("run/report.html");
  write_data(folder_ / "other", 7);
  const Result result = folder_.run({"report", "run", "other"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, "run/report-other.html: open it in a browser\n");
  EXPECT_EQ(folder_.read("run/report.html"), page);
}

// A frozen layer is not one that learns too little.
TEST_F(Report, FrozenLayersAreNoFault) {
  const Result trained = folder_.run(
      {"train", "--from", "run", "data", "--freeze", "conv1", "--epochs", "1", "--out", "frozen"});
  ASSERT_EQ(trained.status, 0) << trained.err;
  EXPECT_FALSE(holds(folder_.run({"inspect", "frozen"}).out, "weight_update_ratio"));
}

class MapsCommand : public TrainedRun {
 protected:
  MapsCommand() { EXPECT_EQ(folder_.run({"export", "data", "pictures", "--count", "1"}).status, 0); }
  std::string picture() const { return "pictures/" + names(folder_ / "pictures").at(0); }
};

TEST_F(MapsCommand, DrawsASheet) {
  const Result result = folder_.run({"maps", "run", picture(), "--out", "sheet.svg"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_TRUE(holds(result.out, "sheet.svg: the maps of 2 layers (")) << result.out;
  const std::string svg = folder_.read("sheet.svg");
  EXPECT_EQ(svg.find("<svg "), 0U);
  EXPECT_TRUE(holds(svg, "data:image/png;base64,"));
  EXPECT_TRUE(holds(svg, "before relu, after relu"));
  EXPECT_EQ(folder_.run({"maps", "run", picture()}).status, 0);
  EXPECT_TRUE(
      std::filesystem::exists(folder_ / (std::filesystem::path(picture()).stem().string() + "-maps.svg")));
}

TEST_F(MapsCommand, SlidesAFilter) {
  const Result result = folder_.run({"maps", "run", picture(), "--slide", "conv1:1", "--out", "slide.html"});
  EXPECT_EQ(result.status, 0) << result.err;
  const std::string page = folder_.read("slide.html");
  EXPECT_TRUE(holds(page, "Filter 1 of conv1, place by place."));
  EXPECT_TRUE(holds(page, "<section class=\"slide\""));
  expect_error(folder_.run({"maps", "run", picture(), "--slide", "linear1"}), 2,
               {"--slide linear1: expected a layer with filters (conv1)"});
  for (const char* filter : {"conv1:900", "conv1:-1", "conv1:x", "conv1:"})
    expect_error(folder_.run({"maps", "run", picture(), "--slide", filter}), 2,
                 {"expected a filter of conv1 from 0 to "});
}

TEST_F(MapsCommand, SaysWhatIsWrong) {
  expect_error(folder_.run({"maps", "run", "nothing.png"}), 1, {"nothing.png"});
  folder_.write("text.png", "no picture");
  expect_error(folder_.run({"maps", "run", "text.png"}), 1, {"text.png"});
  expect_error(folder_.run({"maps", "nothing", picture()}), 1, {"nothing: no such run or model file"});
}

// Without data nobody knows which units are dead.
TEST_F(MapsCommand, GoesWithoutTheData) {
  const std::string one = picture();
  EXPECT_EQ(folder_.run({"maps", "run/best.safetensors", one, "--out", "model.svg"}).err, "");
  std::filesystem::rename(folder_ / "data", folder_ / "elsewhere");
  const Result result = folder_.run({"maps", "run", one, "--out", "sheet.svg"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err.find("warning: dead units are not marked: "), 0U) << result.err;
  EXPECT_EQ(folder_.read("sheet.svg"), folder_.read("model.svg"));
}

}  // namespace
}  // namespace halfwave
