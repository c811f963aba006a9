// Pages of models, trained or not, and what they conclude.
#include "halfwave/report/run_page.h"

#include "../net/net_testing.h"
#include "../train/sample_data.h"
#include "halfwave/report/histogram_chart.h"
#include "text_testing.h"

namespace halfwave {
namespace {

class RunPage : public testing::Test {
 protected:
  RunPage()
      : data_(sample_data()),
        model_{net_of(R"(
name = "small"
input = [8, 8, 1]
activation = "relu"
layers = [ { conv = 5, kernel = 3 }, "activation", { max_pool = 2 }, { linear = 6 }, "activation", { linear = 4 } ]
)"),
               describe_data(*data_.train)} {
    model_.net.initialise(1);
  }
  RunReport report(const ReportOptions& options = {}) const {
    return report_on(model_, data_.test, "shapes", options);
  }

  DataPair data_;
  Model model_;
};

TEST_F(RunPage, TellsEverything) {
  RunReport made = report();
  made.history = {{.epoch = 1, .train_loss = 1, .test_loss = 2, .seconds = 3, .best = true},
                  {.epoch = 2, .train_loss = 0.5, .test_loss = 3, .seconds = 4}};
  made.history[0].health = {.layers = {{.name = "conv1", .units = 5}},
                            .gradients = {{.name = "conv1", .norm = 1}}};
  made.facts = {{"Command", "halfwave train small shapes"}};
  const std::string page = run_page(made);
  for (const char* heading : {"What is wrong", "How it learned", "What it takes for what",
                              "What the units do", "What gradient arrives", "What the values are",
                              "What it makes of a picture", "How a filter slides", "To repeat it"})
    EXPECT_TRUE(holds(page, std::string(">") + heading + "</h2>")) << heading;
  EXPECT_TRUE(holds(page, "<h1>small on shapes</h1>"));
  EXPECT_TRUE(holds(page, "<dd>2 epochs in 7 s</dd>"));
  EXPECT_TRUE(holds(page, "halfwave train small shapes"));
  EXPECT_LT(page.size(), 2'000'000U);
  EXPECT_TRUE(holds(conclusion_text(made), "after 2 epochs of training (its best was epoch 1)"));
}

TEST_F(RunPage, AModelAloneHasNoCurves) {
  const std::string page = run_page(report());
  EXPECT_FALSE(holds(page, "How it learned"));
  EXPECT_TRUE(holds(page, "What the units do"));
}

// What evaluation says, counted once more from the confusions.
TEST_F(RunPage, ConfusionsAreThoseOfTheEvaluation) {
  const RunReport made = report();
  ASSERT_FALSE(made.confusions.empty());
  for (const Confusion& confusion : made.confusions) {
    EXPECT_NE(confusion.truth, confusion.taken_for);
    EXPECT_EQ(confusion.count, made.evaluation.count(confusion.truth, confusion.taken_for));
    EXPECT_EQ(confusion.examples.size(), std::min<std::size_t>(8, static_cast<std::size_t>(confusion.count)));
  }
  for (std::size_t i = 1; i < made.confusions.size(); ++i)
    EXPECT_GE(made.confusions[i - 1].count, made.confusions[i].count);
}

TEST_F(RunPage, ConcludesWhatIsWrong) {
  for (const Net::Tensor& tensor : model_.net.tensors()) {
    if (tensor.name == "conv1.bias") tensor.values[2] = -100;
  }
  // On samples, and certified for every picture.
  RunReport made = report();
  ASSERT_EQ(made.findings.size(), 2U);
  EXPECT_TRUE(holds(conclusion_text(made), "2 things are wrong, the first: ")) << conclusion_text(made);
  made.findings.resize(1);
  EXPECT_TRUE(holds(conclusion_text(made), "One thing is wrong: ")) << conclusion_text(made);
  EXPECT_TRUE(holds(conclusion_text(made), "'conv1'")) << conclusion_text(made);
  const std::string page = run_page(made);
  EXPECT_TRUE(holds(page, "conv1 unit 2, dead"));
  RunReport sound = made;
  sound.findings.clear();
  EXPECT_TRUE(holds(conclusion_text(sound), "Nothing is wrong with its units and gradients"));
}

TEST_F(RunPage, LooksAtAsManyImagesAsItIsTold) {
  const RunReport made = report({.images = 30});
  EXPECT_EQ(made.evaluation.sum.images, 30);
  EXPECT_EQ(made.inspection.sum.images, 30);
  EXPECT_TRUE(holds(run_page(made), "<dd>30 of " + count_text(data_.test->size()) + "</dd>"));
}

TEST(GradientFlow, IsDrawnByPowersOfTen) {
  EXPECT_EQ(gradient_flow_svg({}), "");
  EXPECT_EQ(gradient_flow_svg({{.name = "a", .norm = 0}}), "");
  const std::string svg =
      gradient_flow_svg({{.name = "a<", .norm = 1e-5}, {.name = "b", .norm = 0.5}, {.name = "c"}});
  for (const char* part : {"a&lt;: norm 1e-05", "b: norm 0.5", "c: norm 0", ">1e-6<", ">1e0<"})
    EXPECT_TRUE(holds(svg, part)) << part << svg;
}

TEST(HistogramChart, NamesEachBarAndItsShare) {
  Histogram histogram;
  for (const float value : {0.0F, 0.0F, 1.5F, -0.6F}) histogram.add(value);
  const std::string svg = histogram_svg(histogram, "conv1");
  for (const char* part :
       {"nearer to 0 than 0.0009766: 50.00 %", "<title>1 to 2: 25.00 %", "minus 0.5 to 1: 25.00 %"})
    EXPECT_TRUE(holds(svg, part)) << part << svg;
  EXPECT_FALSE(holds(svg, "<title>2 to 4"));
}

}  // namespace
}  // namespace halfwave
