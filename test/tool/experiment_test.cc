// halfwave experiment: the claim before the numbers, the verdict behind them, and all of it kept.
#include "sample.h"

namespace halfwave {
namespace {

TEST(Experiment, ListsThem) {
  const Folder folder;
  const Result result = folder.run({"experiment"});
  EXPECT_EQ(result.status, 0) << result.err;
  for (const char* name : {"alexnet", "vanishing", "cost", "sparsity", "centring", "dying", "output"})
    EXPECT_NE(result.out.find(name), std::string::npos) << name;
}

TEST(Experiment, EndsWithAVerdict) {
  const Folder folder;
  const Result result = folder.run({"experiment", "output", "--threads", "1"});
  ASSERT_EQ(result.status, 0) << result.err;
  std::size_t at = 0;
  for (const char* part : {"claim    ReLU belongs", "source   Goodfellow", "set-up   a table",
                           "runs/experiment-output\n", "linear output, seed 3", "relu output, seed 3",
                           "verdict  it holds: the linear output explains 9", "figure.svg"}) {
    const std::size_t found = result.out.find(part, at);
    ASSERT_NE(found, std::string::npos) << part << " in " << result.out;
    at = found;
  }
  for (const char* file : {"figure.svg", "verdict.txt", "results.csv", "comparison.csv", "data.csv"})
    EXPECT_TRUE(std::filesystem::exists(folder / "runs/experiment-output" / file)) << file;
  EXPECT_NE(folder.read("runs/experiment-output/verdict.txt").find("\nit holds: the linear output"),
            std::string::npos);
}

TEST(Experiment, SaysWhatIsWrong) {
  const Folder folder;
  expect_error(folder.run({"experiment", "vanish"}), 2, {"unknown experiment 'vanish'", "vanishing"});
  expect_error(folder.run({"experiment", "output", "--seeds", "2"}), 2, {"--seeds"});
  expect_error(folder.run({"experiment", "vanishing", "--data", "nowhere"}), 1, {"nowhere"});
}

}  // namespace
}  // namespace halfwave
