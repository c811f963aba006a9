// halfwave train --resume: a run that was broken anywhere ends with the very bits of an unbroken one.
#include <signal.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "halfwave/base/random.h"
#include "sample.h"

namespace halfwave {
namespace {

using Clock = std::chrono::steady_clock;

struct Recipe {
  const char* name;
  const char* net;
  Strings options;
  const char* threads = "1";
};

// 25 steps an epoch; a checkpoint every 7 steps falls on every place within an epoch.
Strings train_arguments(const Recipe& recipe, const std::string& out) {
  Strings arguments{"train",   "net.toml", "data",         "--threads", recipe.threads, "--epochs", "10",
                    "--batch", "16",       "--save-every", "7",         "--out",        out};
  arguments.insert(arguments.end(), recipe.options.begin(), recipe.options.end());
  return arguments;
}

Strings resume_arguments(const std::string& run) { return {"train", "--resume", run, "--save-every", "7"}; }

Strings with_tool(Strings arguments) {
  arguments.insert(arguments.begin(), tool());
  return arguments;
}

class Resume : public testing::Test {
 protected:
  Resume() { write_data(folder_ / "data"); }

  // The unbroken run, in the folder "whole".
  void train_whole(const Recipe& recipe) {
    folder_.write("net.toml", recipe.net);
    const Result result = folder_.run(train_arguments(recipe, "whole"));
    ASSERT_EQ(result.status, 0) << result.err;
  }
  // When the last checkpoint of a run was written.
  std::int64_t stamp(const std::string& run) const {
    struct stat status {};
    if (::stat((folder_ / (run + "/last.safetensors")).c_str(), &status) != 0) return 0;
    return static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec;
  }
  // Runs it and kills it a moment after it has written a number of checkpoints.
  Result killed(const Strings& arguments, std::uint32_t checkpoints, std::chrono::microseconds moment) const {
    Process process(with_tool(arguments), {.folder = folder_.path()});
    std::int64_t before = stamp("run");
    const bool still_runs = process.wait_until([&] {
      const std::int64_t now = stamp("run");
      if (now != before) --checkpoints;
      before = now;
      return checkpoints == 0;
    });
    std::this_thread::sleep_for(moment);
    if (still_runs) process.send(SIGKILL);
    return process.wait();
  }
  bool has(const std::string& name) const { return std::filesystem::exists(folder_ / name); }
  nlohmann::json position(const std::string& file) const {
    return nlohmann::json::parse(state(folder_ / file));
  }

  Folder folder_;
};

const Recipe sgd{"sgd", plain_net, {}};

class ResumeOf : public Resume, public testing::WithParamInterface<Recipe> {};

TEST_P(ResumeOf, ARunKilledAgainAndAgainEndsWithTheSameBits) {
  ASSERT_NO_FATAL_FAILURE(train_whole(GetParam()));
  RandomStream random(11, RandomPurpose::test);
  int kills = 0;
  int within_epoch = 0;
  Strings arguments = train_arguments(GetParam(), "run");
  for (int round = 0;; ++round) {
    ASSERT_LT(round, 200) << "it never comes to its end";
    const Result result =
        killed(arguments, 1 + random.below(4), std::chrono::microseconds(random.below(2000)));
    if (result.signal == 0) {
      EXPECT_EQ(result.status, 0) << result.err;
      break;
    }
    ASSERT_EQ(result.signal, SIGKILL);
    ++kills;
    arguments = resume_arguments("run");
    if (has("run/last.safetensors")) within_epoch += position("run/last.safetensors").at("index") > 0 ? 1 : 0;
  }
  EXPECT_GE(kills, 3) << "the run was too quick for this test";
  EXPECT_GE(within_epoch, 1);
  expect_same_run(folder_ / "run", folder_ / "whole");
}

INSTANTIATE_TEST_SUITE_P(
    Every, ResumeOf,
    testing::Values(sgd, Recipe{"adam", plain_net, {"--optimiser", "adam"}},
                    Recipe{"batch_norm_dropout_two_threads", batch_norm_net, {}, "2"},
                    Recipe{"skipping_zeros", plain_net, {"--kernels", "sparse"}},
                    Recipe{"winograd_two_threads", plain_net, {"--kernels", "winograd"}, "2"},
                    Recipe{"batch_norm_dropout_adam", batch_norm_net, {"--optimiser", "adam"}},
                    Recipe{"everything_two_threads",
                           batch_norm_net,
                           {"--optimiser", "adamw", "--schedule", "one_cycle", "--average", "0.9",
                            "--clip-norm", "1", "--label-smoothing", "0.1", "--balance-classes", "--augment",
                            "flip,crop=2,rotate=5,jitter=0.1,mixup=0.2"},
                           "2"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_F(Resume, ASignalSavesWithinTheEpochAndSaysHowToGoOn) {
  folder_.write("net.toml", batch_norm_net);
  write_data(folder_ / "data", 1, 6000, 50);
  const auto arguments = [](const std::string& out) {
    return Strings{"train", "net.toml", "data", "--threads", "1", "--epochs",
                   "3",     "--batch",  "2",    "--out",     out};
  };
  ASSERT_EQ(folder_.run(arguments("whole")).status, 0);
  int within_epoch = 0;
  // The row of an epoch is printed when the next one begins.
  for (const auto& [run, signal, row] :
       {std::tuple{"int", SIGINT, "epoch  train loss"}, std::tuple{"term", SIGTERM, "\n    1  "},
        std::tuple{"hup", SIGHUP, "\n    2  "}}) {
    Process process(with_tool(arguments(run)), {.folder = folder_.path()});
    ASSERT_TRUE(process.wait_for(row));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    process.send(signal);
    const Result result = process.wait();
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_NE(result.out.find(std::string("go on with: halfwave train --resume ") + run), std::string::npos)
        << result.out;
    const auto at = position(std::string(run) + "/last.safetensors");
    EXPECT_NE(result.out.find("stopped after " + at.at("step").dump() + " steps"), std::string::npos)
        << result.out;
    EXPECT_LT(at.at("step"), 9000);
    within_epoch += at.at("index") > 0 ? 1 : 0;
    const Result rest = folder_.run({"train", "--resume", run});
    EXPECT_EQ(rest.status, 0) << rest.err;
    EXPECT_NE(rest.out.find("going on from step " + at.at("step").dump()), std::string::npos) << rest.out;
    expect_same_run(folder_ / run, folder_ / "whole");
  }
  EXPECT_GE(within_epoch, 2) << "the run was too quick for this test";
}

TEST_F(Resume, ASecondSignalStopsAtOnce) {
  // A step that takes seconds: the first signal waits for its end, the second does not.
  folder_.write("net.toml", R"(name = "slow"
input = [12, 12, 1]
layers = [ { conv = 512, kernel = 5, pad = 2 }, "relu", { conv = 512, kernel = 5, pad = 2 }, "relu", { linear = 4 } ]
)");
  for (const int second : {SIGINT, SIGTERM}) {
    Process process(with_tool({"train", "net.toml", "data", "--threads", "1", "--batch", "100", "--out",
                               "run" + std::to_string(second)}),
                    {.folder = folder_.path()});
    ASSERT_TRUE(process.wait_for("epoch  train loss"));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    process.send(SIGINT);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    process.send(second);
    const auto start = Clock::now();
    const Result result = process.wait();
    EXPECT_EQ(result.signal, second) << result.out;
    EXPECT_LT(Clock::now() - start, std::chrono::seconds(1));
  }
}

TEST_F(Resume, AFinishedRunStaysAsItIs) {
  ASSERT_NO_FATAL_FAILURE(train_whole(sgd));
  std::filesystem::copy(folder_ / "whole", folder_ / "run");
  // As if it had been killed just after its last checkpoint.
  std::filesystem::remove(folder_ / "run/results.csv");
  std::filesystem::remove(folder_ / "run/curve.svg");
  const Result result = folder_.run(resume_arguments("run"));
  EXPECT_EQ(result.status, 0) << result.err;
  expect_same_run(folder_ / "run", folder_ / "whole");
  EXPECT_TRUE(has("run/curve.svg"));
}

TEST_F(Resume, ARunKilledBeforeItsFirstCheckpointStartsAgain) {
  ASSERT_NO_FATAL_FAILURE(train_whole(sgd));
  make_folder(folder_ / "run");
  std::filesystem::copy(folder_ / "whole/config.toml", folder_ / "run/config.toml");
  EXPECT_EQ(folder_.run(resume_arguments("run")).status, 0);
  expect_same_run(folder_ / "run", folder_ / "whole");
}

TEST_F(Resume, LeavesNothingHalfWrittenByAKilledRun) {
  ASSERT_NO_FATAL_FAILURE(train_whole(sgd));
  std::filesystem::copy(folder_ / "whole", folder_ / "run");
  std::filesystem::copy(folder_ / "run/previous.safetensors", folder_ / "run/last.safetensors",
                        std::filesystem::copy_options::overwrite_existing);
  // What a kill -9 within a save leaves: the beginning of a checkpoint, aside.
  folder_.write("run/next.safetensors", "half");
  folder_.write("run/next.safetensors.part99999999", "half");
  EXPECT_EQ(folder_.run(resume_arguments("run")).status, 0);
  expect_same_run(folder_ / "run", folder_ / "whole");
  EXPECT_EQ(names(folder_ / "run"), names(folder_ / "whole"));
}

TEST_F(Resume, ADamagedCheckpointIsRefusedAndTheOneBeforeItOffered) {
  ASSERT_NO_FATAL_FAILURE(train_whole({"normed", batch_norm_net, {"--optimiser", "adam"}}));
  ASSERT_GT(position("whole/previous.safetensors").at("index"), 0) << "it should lie within an epoch";
  const std::string good = folder_.read("whole/last.safetensors");
  for (const auto& [what, bytes] :
       {std::pair{"cut", good.substr(0, good.size() / 2)},
        std::pair{"cut in the header", good.substr(0, 100)},
        std::pair{"flipped in a tensor", flipped(good, good.size() - 1000)},
        std::pair{"flipped in the header", flipped(good, 300)},
        std::pair{"flipped in the length", flipped(good, 1)}, std::pair{"empty", std::string()},
        std::pair{"foreign", std::string("GIF89a") + std::string(500, 'x')},
        std::pair{"longer", good + "x"}}) {
    SCOPED_TRACE(what);
    std::filesystem::remove_all(folder_ / "run");
    std::filesystem::copy(folder_ / "whole", folder_ / "run");
    folder_.write("run/last.safetensors", bytes);
    expect_error(folder_.run(resume_arguments("run")), 1, {"run/last.safetensors", "--previous"});
    EXPECT_TRUE(folder_.read("run/last.safetensors") == bytes);
    Strings previous = resume_arguments("run");
    previous.push_back("--previous");
    const Result result = folder_.run(previous);
    EXPECT_EQ(result.status, 0) << result.err;
    expect_same_run(folder_ / "run", folder_ / "whole");
  }
}

TEST_F(Resume, AfterPreviousNoDamagedCheckpointTakesItsPlace) {
  ASSERT_NO_FATAL_FAILURE(train_whole(sgd));
  folder_.write("whole/last.safetensors", "damaged");
  const Result result = folder_.run({"train", "--resume", "whole", "--previous"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NO_THROW(tensors(folder_ / "whole/last.safetensors"));
  EXPECT_NO_THROW(tensors(folder_ / "whole/previous.safetensors"));
}

TEST_F(Resume, WithoutTheLastCheckpointTheOneBeforeItIsTaken) {
  ASSERT_NO_FATAL_FAILURE(train_whole(sgd));
  std::filesystem::copy(folder_ / "whole", folder_ / "run");
  std::filesystem::remove(folder_ / "run/last.safetensors");
  EXPECT_EQ(folder_.run(resume_arguments("run")).status, 0);
  expect_same_run(folder_ / "run", folder_ / "whole");
}

// Its net comes from C++, not from a text, and has options in another order than a text has after reading.
TEST_F(Resume, OfABuiltInNetGoesOn) {
  make_folder(folder_ / "colour");
  RandomStream random(4, RandomPurpose::test);
  for (const auto& [part, count] : {std::pair{"train", 32U}, std::pair{"t10k", 16U}}) {
    std::string pixels;
    std::string labels;
    for (std::size_t i = 0; i < count * 32UL * 32 * 3; ++i) pixels += static_cast<char>(random.below(256));
    for (std::uint32_t i = 0; i < count; ++i) labels += static_cast<char>(i % 10);
    folder_.write("colour/" + std::string(part) + "-images", idx({count, 32, 32, 3}, pixels));
    folder_.write("colour/" + std::string(part) + "-labels", idx({count}, labels));
  }
  Result result = folder_.run(
      {"train", "resnet20", "colour", "--threads", "1", "--epochs", "2", "--batch", "16", "--out", "whole"});
  ASSERT_EQ(result.status, 0) << result.err;
  std::filesystem::copy(folder_ / "whole", folder_ / "run");
  std::filesystem::remove(folder_ / "run/last.safetensors");
  result = folder_.run({"train", "resnet20", "colour", "--resume", "run"});
  EXPECT_EQ(result.status, 0) << result.err;
  expect_same_run(folder_ / "run", folder_ / "whole");
}

TEST_F(Resume, SaysThatThereIsNoCheckpointBefore) {
  ASSERT_NO_FATAL_FAILURE(train_whole(sgd));
  std::filesystem::remove(folder_ / "whole/previous.safetensors");
  Strings previous = resume_arguments("whole");
  previous.push_back("--previous");
  expect_error(folder_.run(previous), 1, {"whole has no checkpoint before the last one"});
  folder_.write("whole/last.safetensors", "");
  const Result result = folder_.run(resume_arguments("whole"));
  expect_error(result, 1, {"whole/last.safetensors"});
  EXPECT_EQ(result.err.find("--previous"), std::string::npos) << result.err;
}

class ResumeRefuses : public Resume {
 protected:
  ResumeRefuses() { train_whole({"plain", plain_net, {"--optimiser", "adam"}}); }
  void expect_refused(const Strings& more, int status, const Strings& parts) const {
    const std::string before = folder_.read("whole/last.safetensors");
    Strings arguments = resume_arguments("whole");
    arguments.insert(arguments.end(), more.begin(), more.end());
    expect_error(folder_.run(arguments), status, parts);
    EXPECT_TRUE(folder_.read("whole/last.safetensors") == before);
  }
};

TEST_F(ResumeRefuses, AnotherNet) {
  expect_refused({"lenet5"}, 1, {"whole was started with net 'plain', not with 'lenet5'"});
  expect_refused({"lent5"}, 1, {"unknown net 'lent5'", "lenet5"});
  // The same one may be named.
  EXPECT_EQ(folder_.run({"train", "net.toml", "data", "--resume", "whole"}).status, 0);
  std::string config = folder_.read("whole/config.toml");
  config.replace(config.find("conv = 6"), 8, "conv = 7");
  folder_.write("whole/config.toml", config);
  expect_refused({}, 1, {"whole/last.safetensors", "another net or other options"});
}

TEST_F(ResumeRefuses, OtherData) {
  write_data(folder_ / "more", 2);
  expect_refused({"net.toml", "more"}, 1,
                 {"whole was started with the data '" + (folder_ / "data").string() + "', not 'more'"});
  const std::string name = "data/train-images-idx3-ubyte";
  const std::string good = folder_.read(name);
  folder_.write(name, flipped(good, good.size() / 2));
  expect_refused({}, 1, {"whole/last.safetensors", "other data", "changed"});
  folder_.write(name, good);
  const std::string labels = folder_.read("data/t10k-labels-idx1-ubyte");
  std::string others = labels;
  others.back() = static_cast<char>(others.back() == 0 ? 1 : 0);
  folder_.write("data/t10k-labels-idx1-ubyte", others);
  expect_refused({}, 1, {"other data"});
  folder_.write("data/t10k-labels-idx1-ubyte", labels);
  EXPECT_EQ(folder_.run(resume_arguments("whole")).status, 0);
  std::filesystem::rename(folder_ / "data", folder_ / "gone");
  expect_refused({}, 1, {"/data'", "found nothing of that name"});
}

TEST_F(ResumeRefuses, DoesNotOfferThePreviousCheckpointWhereItIsNoHelp) {
  const std::string name = "data/train-images-idx3-ubyte";
  const std::string good = folder_.read(name);
  folder_.write(name, flipped(good, good.size() / 2));
  const Result result = folder_.run(resume_arguments("whole"));
  expect_error(result, 1, {"other data"});
  EXPECT_EQ(result.err.find("--previous"), std::string::npos) << result.err;
}

TEST_F(ResumeRefuses, OptionsThatCannotChange) {
  for (const auto& [option, value] :
       {std::pair{"--rate", "0.1"}, std::pair{"--epochs", "9"}, std::pair{"--batch", "8"},
        std::pair{"--seed", "2"}, std::pair{"--threads", "2"}, std::pair{"--optimiser", "sgd"},
        std::pair{"--activation", "tanh"}, std::pair{"--schedule", "step"}, std::pair{"--momentum", "0.5"},
        std::pair{"--nesterov", "false"}, std::pair{"--weight-decay", "0"}, std::pair{"--warm-up", "0"},
        std::pair{"--step-epochs", "2"}, std::pair{"--step-factor", "0.5"}, std::pair{"--out", "other"},
        std::pair{"--kernels", "dense"}}) {
    expect_refused({option, value}, 2, {option, "cannot be changed with --resume"});
  }
}

TEST_F(ResumeRefuses, AFolderWithoutARun) {
  expect_error(folder_.run({"train", "--resume", "nowhere"}), 1, {"nowhere is no folder of a training run"});
  expect_error(folder_.run({"train", "--resume", "net.toml"}), 1,
               {"net.toml is no folder of a training run"});
  expect_error(folder_.run({"train", "--resume", "data"}), 1, {"data holds no training run", "config.toml"});
}

TEST_F(ResumeRefuses, ADamagedConfig) {
  const std::string good = folder_.read("whole/config.toml");
  const auto with = [&](const std::string& text, const Strings& parts) {
    folder_.write("whole/config.toml", text);
    expect_refused({}, 1, parts);
  };
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    EXPECT_NE(text.find(from), std::string::npos) << from;
    return text.replace(text.find(from), from.size(), to);
  };
  with("", {"whole/config.toml", "'net' is missing"});
  with(good.substr(0, good.size() / 3), {"whole/config.toml, line "});
  with(good.substr(0, good.find("[train]")), {"whole/config.toml", "[train] is missing"});
  with(std::string("\x89PNG\r\n\x1a\n\0\0", 10), {"whole/config.toml, line 1"});
  with(replaced("batch = 16", "batch = 'many'"), {"whole/config.toml, line ", "'batch'", "a whole number"});
  with(replaced("batch = 16", "batch = 0"), {"batch: expected 1 to 65536, got 0"});
  with(replaced("batch = 16", "bacth = 16"), {"unknown option 'bacth'"});
  with(replaced("optimiser = \"adam", "optimiser = \"adem"),
       {"unknown optimiser 'adem'", "did you mean 'adam'"});
  with(replaced("threads = 1", "threads = 100000"), {"threads: expected 1 to 1024"});
  with(replaced("epochs = 10", "epochs = 7"), {"last.safetensors", "other options"});
  with(replaced("\nseed = 1", "\nseed = 9"), {"other options"});
  with(replaced("linear = 4", "linear = -4"), {"whole/config.toml"});
}

}  // namespace
}  // namespace halfwave
