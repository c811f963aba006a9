// halfwave compare: what it says and leaves, how it goes on, and what it does not take.
#include <signal.h>

#include "sample.h"

namespace halfwave {
namespace {

constexpr const char* changeable_net = R"(
name = "changeable"
input = [12, 12, 1]
layers = [ { conv = 4, kernel = 3 }, "activation", { max_pool = 2 }, { linear = 4 } ]
)";

class Compare : public testing::Test {
 protected:
  Compare() {
    write_data(folder_ / "data", 1, 400, 100);
    folder_.write("net.toml", changeable_net);
  }
  static Strings arguments(const Strings& first, const Strings& more) {
    Strings all{"compare"};
    all.insert(all.end(), first.begin(), first.end());
    all.insert(all.end(), {"--data", "data", "--threads", "1"});
    for (const char* usual : {"--epochs", "--seeds"}) {
      if (std::find(more.begin(), more.end(), usual) == more.end()) all.insert(all.end(), {usual, "2"});
    }
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Result compare(const Strings& first, const Strings& more = {}) const {
    return folder_.run(arguments(first, more));
  }
  Folder folder_;
};

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST_F(Compare, TellsAllAndKeepsIt) {
  const Result result = compare({"relu", "tanh", "maxout"}, {"--net", "net.toml"});
  ASSERT_EQ(result.status, 0) << result.err;
  for (const char* part :
       {"relu, tanh, maxout in changeable on data (400 + 100), 2 seeds x 2 epochs", "searched for each",
        "in runs/compare-changeable-data\n", "relu, seed 1: test accuracy", "maxout, seed 2: test accuracy",
        "place  contestant", "goal: test accuracy of ", "gradient first/last",
        "norm of the gradient by a layer's weights", "chance", "curves.svg"}) {
    EXPECT_NE(result.out.find(part), std::string::npos) << part << " in " << result.out;
  }
  const std::filesystem::path runs = folder_ / "runs/compare-changeable-data";
  EXPECT_EQ(names(runs), (Strings{"comparison.csv", "curves.svg", "maxout-1", "maxout-2", "rates.json",
                                  "relu-1", "relu-2", "report.html", "results.csv", "tanh-1", "tanh-2"}));
  EXPECT_EQ(lines(folder_.read("runs/compare-changeable-data/results.csv")), 1U + 3 * 2 * 2);
  EXPECT_EQ(lines(folder_.read("runs/compare-changeable-data/comparison.csv")), 1U + 3 * 2);
  EXPECT_EQ(folder_.run({"inspect", (runs / "tanh-2").string()}).status, 0);
  // Once more: nothing is trained again, and the same is found.
  const auto before = std::filesystem::last_write_time(runs / "relu-1/last.safetensors");
  EXPECT_EQ(compare({"relu", "tanh", "maxout"}, {"--net", "net.toml"}).status, 0);
  EXPECT_EQ(std::filesystem::last_write_time(runs / "relu-1/last.safetensors"), before);
  // Another setup has a folder of its own.
  const Result other = compare({"relu", "tanh"}, {"--net", "net.toml", "--batch", "10"});
  EXPECT_EQ(other.status, 0) << other.err;
  EXPECT_NE(other.out.find("in runs/compare-changeable-data-2\n"), std::string::npos) << other.out;
}

TEST_F(Compare, TakesARateAndGoals) {
  const Strings given{"--net", "net.toml", "--rate", "0.05", "--out", "c"};
  const auto with = [&](const Strings& goal) {
    Strings all = given;
    all.insert(all.end(), goal.begin(), goal.end());
    return compare({"relu", "tanh"}, all);
  };
  const Result accuracy = with({"--to-accuracy", "30"});
  EXPECT_EQ(accuracy.status, 0) << accuracy.err;
  EXPECT_NE(accuracy.out.find("rate 0.05; in c\n"), std::string::npos) << accuracy.out;
  EXPECT_NE(accuracy.out.find("goal: test accuracy of 30 %"), std::string::npos) << accuracy.out;
  EXPECT_NE(with({"--to-loss", "0.001"}).out.find("goal: training loss of 0.001"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "c/rates.json"));
}

TEST_F(Compare, SetsNetsSideBySide) {
  const Result result = compare({"--nets", "net.toml", "mlp"}, {"--rate", "0.02", "--seeds", "1"});
  ASSERT_EQ(result.status, 0) << result.err;
  for (const char* part : {"changeable, mlp on data", "changeable, seed 1", "mlp, seed 1",
                           "in runs/compare-nets-data\n", "One seed says nothing of chance"})
    EXPECT_NE(result.out.find(part), std::string::npos) << part << " in " << result.out;
  EXPECT_EQ(result.out.find("norm of the gradient by a layer's weights"), std::string::npos)
      << "layers differ";
}

TEST_F(Compare, GoesOnAfterCtrlC) {
  Strings command =
      arguments({"relu", "tanh"}, {"--net", "net.toml", "--out", "c", "--epochs", "60", "--batch", "4"});
  command.insert(command.begin(), tool());
  Process process(command, {.folder = folder_.path()});
  ASSERT_TRUE(process.wait_for("relu, seed 1: test accuracy"));
  process.send(SIGINT);
  const Result stopped = process.wait();
  EXPECT_EQ(stopped.status, 0) << stopped.err;
  EXPECT_NE(stopped.out.find("stopped; the same command goes on with it\n"), std::string::npos)
      << stopped.out;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "c/results.csv"));
  const Result rest = run_tool({.folder = folder_.path()}, Strings(command.begin() + 1, command.end()));
  EXPECT_EQ(rest.status, 0) << rest.err;
  EXPECT_EQ(lines(folder_.read("c/results.csv")), 1U + 2 * 2 * 60);
}

TEST_F(Compare, ShowsATableThatGrowsOnATerminal) {
  Strings command =
      arguments({"relu", "tanh"}, {"--net", "net.toml", "--rate", "0.05", "--epochs", "100", "--batch", "4"});
  command.insert(command.begin(), tool());
  const Result result = Process(command, {.folder = folder_.path(), .terminal = true, .columns = 60}).wait();
  EXPECT_EQ(result.status, 0) << result.out;
  EXPECT_NE(result.out.find("\r\x1b[4A\x1b[J"
                            "contestant"),
            std::string::npos)
      << "drawn over, not below";
  EXPECT_NE(result.out.find("left"), std::string::npos);
  EXPECT_GT(result.out.rfind("each run are in"), result.out.rfind('\x1b'));
}

TEST_F(Compare, SaysWhatIsWrong) {
  expect_error(compare({"relu"}), 2, {"compare needs two or more", "halfwave compare relu tanh"});
  expect_error(compare({"relu", "relu"}, {"--net", "net.toml"}), 2, {"'relu' is named twice"});
  expect_error(compare({"relu", "rely"}, {"--net", "net.toml"}), 2, {"rely", "did you mean 'relu'?"});
  expect_error(compare({"relu", "tanh", "--nets", "lenet5", "mlp"}), 2, {"--nets"});
  expect_error(compare({"relu", "tanh"}, {"--net", "nothing.toml"}), 1, {"nothing.toml"});
  expect_error(compare({"relu", "tanh"}, {"--net", "net.toml", "--rate", "0"}), 2, {"rate"});
  expect_error(compare({"relu", "tanh"}, {"--net", "net.toml", "--seeds", "0"}), 2, {"--seeds"});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs"));
  EXPECT_EQ(compare({"relu", "tanh"}, {"--net", "net.toml", "--rate", "0.05", "--out", "c"}).status, 0);
  expect_error(compare({"relu", "tanh"}, {"--net", "net.toml", "--rate", "0.06", "--out", "c"}), 1,
               {"relu-1 holds a run of another setup", "choose another folder"});
}

}  // namespace
}  // namespace halfwave
