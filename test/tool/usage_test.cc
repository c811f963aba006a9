// Wrong usage is told from bad data: exit status 2, one line with what was meant. Help, version and output.
#include <signal.h>
#include <unistd.h>

#include <fcntl.h>

#include "sample.h"

namespace halfwave {
namespace {

class Usage : public testing::Test {
 protected:
  Usage() {
    write_data(folder_ / "data", 1, 20, 10);
    folder_.write("net.toml", plain_net);
  }
  void expect_train_refused(const Strings& more, const Strings& parts, int status = 2) const {
    Strings arguments{"train", "net.toml", "data"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    expect_error(folder_.run(arguments), status, parts);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "runs")) << "it began all the same";
  }
  Folder folder_;
};

TEST_F(Usage, SuggestsTheNearestName) {
  expect_error(folder_.run({"trin"}), 2,
               {"unknown command 'trin'; did you mean 'train'?", "halfwave --help"});
  expect_error(folder_.run({"bench", "tran", "lenet5"}), 2,
               {"unknown command 'tran'; did you mean 'train'?", "halfwave bench --help"});
  expect_error(folder_.run({"nonsense"}), 2, {"unknown command 'nonsense' (see"});
  expect_error(folder_.run({"bench", "train", "lenet5", "--bach", "4"}), 2,
               {"unknown option '--bach'; did you mean '--batch'?", "halfwave bench train --help"});
  expect_train_refused({"--optimser", "adam"},
                       {"unknown option '--optimser'; did you mean '--optimiser'?", "halfwave train --help"});
  expect_train_refused({"--optimser=adam"}, {"unknown option '--optimser'; did you mean '--optimiser'?"});
  expect_train_refused({"--optimiser", "adm"}, {"unknown optimiser 'adm'; did you mean 'adam'?"});
  expect_train_refused({"--schedule", "cosin"}, {"unknown schedule 'cosin'; did you mean 'cosine'?"});
  expect_train_refused({"--activation", "rel"}, {"unknown activation 'rel'; did you mean 'relu'?"});
  expect_train_refused({"--activation", "leaky_relu:slop=1"},
                       {"unknown parameter 'slop'; did you mean 'slope'?"});
  expect_error(folder_.run({"train", "lnet5", "data"}), 1,
               {"unknown net 'lnet5'; did you mean 'lenet5'?", "halfwave nets"});
  expect_error(folder_.run({"nets", "lnet5"}), 1, {"unknown net 'lnet5'; did you mean 'lenet5'?"});
  expect_error(folder_.run({"bench", "infer", "lnet5"}), 1, {"unknown net 'lnet5'; did you mean 'lenet5'?"});
  expect_error(folder_.run({"train", "net.toml", "fashion-mnst"}), 1,
               {"data 'fashion-mnst'", "did you mean 'fashion-mnist'?"});
}

TEST_F(Usage, SaysWhatIsMissingOrTooMuch) {
  expect_error(folder_.run({}), 2,
               {"a command is missing",
                "train, evaluate, inspect, compare, experiment, report, maps, predict", "halfwave --help"});
  expect_error(folder_.run({"--bogus"}), 2, {"unknown option '--bogus'"});
  expect_error(folder_.run({"bench"}), 2, {"a command is missing", "train, infer, activations"});
  expect_error(folder_.run({"train"}), 2, {"train needs a NET and DATA"});
  expect_error(folder_.run({"train", "lenet5"}), 2, {"train needs a NET and DATA"});
  expect_error(folder_.run({"evaluate"}), 2, {"RUN is required", "halfwave evaluate --help"});
  expect_error(folder_.run({"predict", "run"}), 2, {"PICTURE is required"});
  expect_error(folder_.run({"export", "data"}), 2, {"FOLDER is required"});
  expect_error(folder_.run({"evaluate", "run", "--json", "--csv"}), 2, {"--json", "--csv"});
  expect_error(folder_.run({"nets", "--toml"}), 2, {"--toml", "need a NET"});
  expect_train_refused({"more"}, {"more", "not expected"});
  expect_train_refused({"--previous"}, {"--previous requires --resume"});
  expect_train_refused({"--epochs"}, {"--epochs"});
}

TEST_F(Usage, RefusesValuesOutOfRange) {
  expect_train_refused({"--batch", "0"}, {"batch: expected 1 to 65536, got 0"});
  expect_train_refused({"--batch", "-5"}, {"batch: expected 1 to 65536, got -5"});
  expect_train_refused({"--batch", "many"}, {"--batch: expected a whole number, got 'many'"});
  expect_train_refused({"--batch", "3.5"}, {"--batch: expected a whole number, got '3.5'"});
  expect_train_refused({"--batch", "99999999999999999999"}, {"batch"});
  expect_train_refused({"--epochs", "0"}, {"epochs: expected 1 to 1000000, got 0"});
  expect_train_refused({"--rate", "nan"}, {"rate: expected a number above 0", "got nan"});
  expect_train_refused({"--rate", "inf"}, {"rate: expected a number above 0", "got inf"});
  expect_train_refused({"--rate", "-1"}, {"rate: expected a number above 0", "got -1"});
  expect_train_refused({"--rate", "0"}, {"rate: expected a number above 0", "got 0"});
  expect_train_refused({"--rate", "fast"}, {"--rate: expected a number, got 'fast'"});
  expect_train_refused({"--momentum", "1"}, {"momentum: expected 0 to below 1, got 1"});
  expect_train_refused({"--weight-decay", "nan"}, {"weight_decay", "nan"});
  expect_train_refused({"--warm-up", "2"}, {"warm_up: expected 0 to 1, got 2"});
  expect_train_refused({"--step-epochs", "0"}, {"step_epochs"});
  expect_train_refused({"--step-factor", "0"}, {"step_factor"});
  expect_train_refused({"--nesterov", "perhaps"}, {"--nesterov: expected true or false, got 'perhaps'"});
  expect_train_refused({"--threads", "0"}, {"--threads", "0", "1 to 1024"});
  expect_train_refused({"--threads", "all"}, {"--threads", "all", "1 to 1024"});
  expect_train_refused({"--seed", "-1"}, {"--seed: expected 0 or more, got -1"});
  expect_train_refused({"--save-every", "-1"}, {"--save-every: expected 0 or more, got -1"});
  expect_error(folder_.run({"predict", "run", "a", "--top", "0"}), 2, {"--top", "0"});
  expect_error(folder_.run({"export", "data", "out", "--count", "-1"}), 2,
               {"--count: expected 0 or more, got -1"});
  expect_error(folder_.run({"bench", "train", "net.toml", "--batch", "0"}), 2, {"--batch", "0"});
  expect_error(folder_.run({"bench", "train", "net.toml", "--seconds", "nan"}), 2, {"--seconds", "nan"});
  expect_error(folder_.run({"bench", "train", "net.toml", "--activation", "rel"}), 2,
               {"did you mean 'relu'?"});
}

TEST_F(Usage, EveryCommandExplainsItselfWithAnExample) {
  for (const Strings& command :
       {Strings{}, Strings{"train"}, Strings{"evaluate"}, Strings{"predict"}, Strings{"nets"},
        Strings{"activations"}, Strings{"plot"}, Strings{"export"}, Strings{"bench"},
        Strings{"bench", "train"}, Strings{"bench", "infer"}, Strings{"bench", "activations"}}) {
    Strings arguments = command;
    arguments.push_back("--help");
    const Result result = folder_.run(arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.err, "");
    std::string example = "  halfwave ";
    for (const std::string& word : command) example += word + " ";
    if (command.size() == 1 && command[0] == "nets") example.pop_back();
    EXPECT_NE(result.out.find("Example"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find(example), std::string::npos) << example << " in " << result.out;
    EXPECT_EQ(result.out.find("\x1b"), std::string::npos);
  }
  const Result version = folder_.run({"--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_EQ(std::count(version.out.begin(), version.out.end(), '.'), 2) << version.out;
}

TEST_F(Usage, SaysWhenItsOutputCannotBeWritten) {
  for (const Strings& arguments : {Strings{"nets"}, Strings{"--help"}, Strings{"nets", "lenet5", "--toml"}}) {
    const Result result = run_tool({.folder = folder_.path(),

                                    .before_exec =
                                        [] {
                                          const int full = ::open("/dev/full", O_WRONLY);
                                          ::dup2(full, STDOUT_FILENO);
                                        }},
                                   arguments);
    expect_error(result, 1, {"No space left on device"});
  }
}

TEST_F(Usage, AnOutputThatNobodyReadsEndsItQuickly) {
  const auto start = std::chrono::steady_clock::now();
  const Result killed = run_tool({.folder = folder_.path(), .deaf = true}, {"nets"});
  EXPECT_EQ(killed.signal, SIGPIPE);
  const Result told = run_tool({.folder = folder_.path(),

                                .before_exec = [] { ::signal(SIGPIPE, SIG_IGN); },
                                .deaf = true},
                               {"nets"});
  expect_error(told, 1, {"Broken pipe"});
  const Result training = run_tool({.folder = folder_.path(), .deaf = true},
                                   {"train", "net.toml", "data", "--threads", "1", "--epochs", "1000000"});
  EXPECT_EQ(training.signal, SIGPIPE);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace halfwave
