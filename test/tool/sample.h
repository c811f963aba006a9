// What the tests of the tool share: starting it as a user does, small data sets and nets, and what a run
// left. Every run takes well below a second.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/test_folder.h"
#include "halfwave/base/file.h"

namespace halfwave {

using Strings = std::vector<std::string>;

struct Result {
  int status = -1;  // exit status, or -1 when a signal ended it
  int signal = 0;   // the signal that ended it, or 0
  std::string out;
  std::string err;
};

struct StartOptions {
  std::filesystem::path folder{};       // where it runs
  std::string input{};                  // standard input, a few KB at most
  std::function<void()> before_exec{};  // in the new process
  bool terminal = false;                // a terminal takes the place of all three; its text goes to out
  unsigned short columns = 150;         // of the terminal
  bool deaf = false;                    // nobody reads standard output: its pipe is closed at once
};

// A process that is ended with this object at the latest.
class Process {
 public:
  Process(Strings arguments, const StartOptions& options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Returns whether the text came on standard output before the process ended.
  bool wait_for(std::string_view text);
  bool wait_until(const std::function<bool()>& done);  // the same for anything
  void send(int signal) const;
  // Waits for its end; a process that takes longer than a minute is a failure, and killed.
  Result wait();

 private:
  bool pump(int milliseconds);  // takes what came; false at the end of both outputs

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  Result result_;
};

// The path of the tool, and the tool run with these arguments.
std::string tool();
Result run_tool(const StartOptions& options, const Strings& arguments);

class Folder : public TestFolder {
 public:
  // Runs the tool in it.
  Result run(const Strings& arguments, const std::string& input = {}) const;
  void write(const std::string& name, const std::string& text) const { write_file(path() / name, text); }
  std::string read(const std::string& name) const { return read_file(path() / name, std::uint64_t{1} << 30); }
};

// Four idx files of 12x12 pictures in four classes that a net can learn, though not without mistakes: the
// class is the quarter that is a little brighter than the others.
void write_data(const std::filesystem::path& folder, std::uint64_t seed = 1, std::uint32_t train = 400,
                std::uint32_t test = 100);
std::string idx(const std::vector<std::uint32_t>& sizes, const std::string& values);

// Nets for them.
extern const char* const plain_net;       // one convolution
extern const char* const batch_norm_net;  // also batch norm and dropout

// A run of plain_net on write_data(), and the JSON that a command prints of it.
class TrainedRun : public testing::Test {
 protected:
  TrainedRun();
  nlohmann::json json(const std::string& command, Strings arguments) const;
  Folder folder_;
};

// A message is one line that begins with the tool's name, holds the parts, and nothing else is said.
void expect_error(const Result& result, int status, const Strings& parts);

std::string flipped(std::string bytes, std::size_t place);  // one bit of it is another

// What a checkpoint holds: tensors (parameters, running statistics, the optimiser's memory) as bytes by name.
std::map<std::string, std::string> tensors(const std::filesystem::path& file);
// Where its run was, as JSON, without the time it took.
std::string state(const std::filesystem::path& file);
// The table of epochs without the column of seconds.
std::string results(const std::filesystem::path& run);
// Both runs came to the same end, to the last bit.
void expect_same_run(const std::filesystem::path& run, const std::filesystem::path& expected);
// Names of files in a folder, in order.
Strings names(const std::filesystem::path& folder);

}  // namespace halfwave
