// halfwave train: what a run prints and leaves behind.
#include <algorithm>
#include <sstream>

#include "sample.h"

namespace halfwave {
namespace {

const Strings whole_run{"best.safetensors", "config.toml",          "curve.svg",   "events",
                        "last.safetensors", "previous.safetensors", "report.html", "results.csv"};

class Train : public testing::Test {
 protected:
  Train() {
    write_data(folder_ / "data");
    folder_.write("net.toml", batch_norm_net);
  }
  Result train(const Strings& more) const {
    Strings arguments{"train", "net.toml", "data", "--threads", "1", "--epochs", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return folder_.run(arguments);
  }
  Folder folder_;
};

TEST_F(Train, PrintsATableAndLeavesAWholeRun) {
  const Result result = train({"--out", "run"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  for (const char* part :
       {"normed (", "400 + 100 images, 12x12x1", "epoch  train loss  train accuracy  test loss", "\n    1  ",
        "\n    2  ", "best test accuracy", "browser: run/report.html"}) {
    EXPECT_NE(result.out.find(part), std::string::npos) << part << " in " << result.out;
  }
  EXPECT_EQ(result.out.find("\n    3  "), std::string::npos);
  EXPECT_EQ(names(folder_ / "run"), whole_run);
  EXPECT_NE(folder_.read("run/curve.svg").find("<svg"), std::string::npos);
  const std::string csv = folder_.read("run/results.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
  const std::string config = folder_.read("run/config.toml");
  for (const char* part : {"threads = 1", "seed = 1", "epochs = 2", "data = ", "batch_norm"}) {
    EXPECT_NE(config.find(part), std::string::npos) << part << " in " << config;
  }
}

// Twenty layers of sigmoids: the fault is told once, and the counts stand beside the losses.
TEST_F(Train, WatchesUnitsAndGradients) {
  std::string deep = "input = [12, 12, 1]\nactivation = 'sigmoid'\nlayers = [";
  for (int i = 0; i < 20; ++i) deep += "{ linear = 8 }, 'activation',";
  folder_.write("deep.toml", deep + "{ linear = 4 } ]");
  const Strings arguments{"train",   "deep.toml", "data",      "--epochs", "5",
                          "--batch", "8",         "--threads", "1",        "--out"};
  const auto run = [&](Strings more) {
    more.insert(more.begin(), arguments.begin(), arguments.end());
    return folder_.run(more);
  };
  const Result watched = run({"watched"});
  const std::string fault = "! from 'linear21' back to 'linear1' the gradient shrinks to ";
  const std::size_t told = watched.out.find(fault);
  EXPECT_NE(told, std::string::npos) << watched.out;
  EXPECT_EQ(watched.out.find(fault, told + 1), std::string::npos) << watched.out;
  const std::string csv = folder_.read("watched/results.csv");
  EXPECT_NE(csv.find("seconds,linear1.zeros,linear1.dead,linear1.dying,linear1.saturated,linear1.revived,"
                     "linear2.zeros,"),
            std::string::npos);
  EXPECT_NE(csv.find("linear21.revived,linear1.gradient,linear2.gradient,"), std::string::npos);
  // As many cells in each line, empty where too little was seen.
  std::istringstream lines(csv);
  std::string line;
  for (int epoch = 0; std::getline(lines, line); ++epoch) {
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), 6 + 21 * 6) << line;
    EXPECT_EQ(line.find(",,") == std::string::npos, epoch == 0 || epoch == 4) << line;
  }
  const Result unwatched = run({"unwatched", "--no-watch"});
  EXPECT_EQ(unwatched.out.find('!'), std::string::npos) << unwatched.out;
  EXPECT_EQ(folder_.read("unwatched/results.csv").find("linear"), std::string::npos);
  EXPECT_EQ(folder_.read("watched/best.safetensors"), folder_.read("unwatched/best.safetensors"));
}

TEST_F(Train, RevivesOnlyWhatItWatches) {
  const Result revived = train({"--out", "run", "--revive", "2"});
  EXPECT_EQ(revived.status, 0) << revived.err;
  EXPECT_NE(revived.out.find("units dead for 2 epochs begin anew"), std::string::npos) << revived.out;
  expect_error(train({"--out", "other", "--revive", "2", "--no-watch"}), 2, {"--revive", "--no-watch"});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "other"));
  expect_error(folder_.run({"train", "--resume", "run", "--no-watch"}), 1, {"revive", "--no-watch"});
}

TEST_F(Train, Learns) {
  write_data(folder_ / "data", 1, 1500, 200);
  folder_.write("net.toml", plain_net);
  const Result result = folder_.run({"train", "net.toml", "data", "--threads", "1", "--epochs", "6"});
  ASSERT_EQ(result.status, 0) << result.err;
  const std::size_t at = result.out.find("best test accuracy ");
  ASSERT_NE(at, std::string::npos);
  // Chance is 25 %.
  EXPECT_GT(std::stod(result.out.substr(at + 19)), 60) << result.out;
}

TEST_F(Train, RepeatsItselfWithTheSameSeedOnly) {
  EXPECT_EQ(train({"--out", "a"}).status, 0);
  EXPECT_EQ(train({"--out", "b"}).status, 0);
  EXPECT_EQ(train({"--out", "c", "--seed", "2"}).status, 0);
  expect_same_run(folder_ / "a", folder_ / "b");
  const auto first = tensors(folder_ / "a/last.safetensors");
  const auto other = tensors(folder_ / "c/last.safetensors");
  for (const char* name : {"conv1.weight", "linear1.weight", "optimiser.momentum"}) {
    ASSERT_TRUE(first.contains(name) && other.contains(name)) << name;
    EXPECT_FALSE(first.at(name) == other.at(name)) << name;
  }
  // best.safetensors holds nothing of time, so the file itself is the same.
  EXPECT_TRUE(folder_.read("a/best.safetensors") == folder_.read("b/best.safetensors"));
}

TEST_F(Train, FindsAFolderOfItsOwn) {
  EXPECT_EQ(train({}).status, 0);
  EXPECT_EQ(train({}).status, 0);
  EXPECT_EQ(folder_.run({"train", "net.toml", "data/", "--threads", "1", "--epochs", "1"}).status, 0);
  EXPECT_EQ(names(folder_ / "runs"), (Strings{"normed-data", "normed-data-2", "normed-data-3"}));
  EXPECT_EQ(names(folder_ / "runs/normed-data"), whole_run);
}

TEST_F(Train, LeavesNoFolderButItsOwn) {
  std::string net = plain_net;
  net.replace(net.find("plain"), 5, "../../up");
  folder_.write("net.toml", net);
  EXPECT_EQ(train({}).status, 0);
  EXPECT_EQ(names(folder_ / "runs"), (Strings{"..-..-up-data"}));
}

TEST_F(Train, RefusesToOverwriteARun) {
  EXPECT_EQ(train({"--out", "run"}).status, 0);
  const std::string before = folder_.read("run/last.safetensors");
  expect_error(train({"--out", "run", "--seed", "3"}), 1,
               {"run holds a run already", "halfwave train --resume run", "--out"});
  EXPECT_TRUE(folder_.read("run/last.safetensors") == before);
}

TEST_F(Train, TakesEveryKindOfNetAndOption) {
  const auto config_with = [&](const Strings& more, const std::string& part) {
    Strings all{"--out", "run"};
    all.insert(all.end(), more.begin(), more.end());
    const Result result = train(all);
    EXPECT_EQ(result.status, 0) << result.err;
    std::string config = folder_.read("run/config.toml");
    std::replace(config.begin(), config.end(), '\'', '"');
    EXPECT_NE(config.find(part), std::string::npos) << part << " in " << config;
    std::filesystem::remove_all(folder_ / "run");
  };
  config_with({"--activation", "leaky_relu:slope=0.1"}, "leaky_relu:slope=0.1");
  config_with({"--optimiser", "adam"}, "rate = 0.001");
  config_with({"--schedule", "step", "--step-epochs", "1"}, "schedule = \"step\"");
  config_with({"--nesterov", "false", "--momentum", "0.5"}, "nesterov = false");
}

TEST_F(Train, SaysWhichLayerALossWentWrongInAndKeepsTheCheckpoint) {
  const Result result = train({"--out", "run", "--rate", "999", "--warm-up", "0", "--save-every", "1"});
  expect_error(result, 1,
               {"the loss is no longer finite in epoch 1, step ", "layer '", "try a lower rate (--rate "});
  const std::size_t at = result.err.find("step ");
  const long bad_step = std::stol(result.err.substr(at + 5));
  ASSERT_GT(bad_step, 1);
  EXPECT_NE(state(folder_ / "run/last.safetensors").find("\"step\":" + std::to_string(bad_step - 1)),
            std::string::npos)
      << state(folder_ / "run/last.safetensors");
  EXPECT_EQ(tensors(folder_ / "run/last.safetensors").size(),
            tensors(folder_ / "run/previous.safetensors").size());
}

TEST_F(Train, WarnsOfBadPractice) {
  std::string net = plain_net;
  net.replace(net.find("{ linear = 4 }"), 14, "{ linear = 4 }, \"relu\"");
  folder_.write("net.toml", net);
  const Result result = train({});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err.rfind("warning: the output layer ends in 'relu'", 0), 0U) << result.err;
}

TEST_F(Train, TellsFirstWeightsThatFade) {
  std::string layers;
  for (int i = 0; i < 12; ++i) layers += "{ linear = 8 }, 'hard_sigmoid', ";
  folder_.write("deep.toml", "input = [12, 12, 1]\nlayers = [ " + layers + "{ linear = 4 } ]\n");
  const Strings command{"train", "deep.toml", "data", "--epochs", "1", "--out", "deep"};
  const Result result = folder_.run(command);
  EXPECT_NE(result.out.find("       ! before training nine tenths of the gradients of 'linear1' lie within "),
            std::string::npos)
      << result.out;
  Strings lenient = command;
  lenient.back() = "lenient";
  lenient.insert(lenient.end(), {"--threshold", "gradient_spread=0", "variance_ratio=1e30"});
  EXPECT_EQ(folder_.run(lenient).out.find("before training"), std::string::npos);
  lenient.insert(lenient.end(), {"--threshold", "spread=1"});
  expect_error(folder_.run(lenient), 2, {"unknown threshold 'spread'"});
}

// As after a kill between the checkpoint and the event file.
TEST_F(Train, AMissingEventFileIsMadeUpFor) {
  ASSERT_EQ(train({"--out", "run"}).status, 0);
  const std::string name = "run/events/" + names(folder_ / "run/events").back();
  std::filesystem::remove(folder_ / name);
  EXPECT_EQ(folder_.run({"train", "--resume", "run"}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(folder_ / name));
}

}  // namespace
}  // namespace halfwave
