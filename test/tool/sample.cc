#include "sample.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "halfwave/base/random.h"
#include "halfwave/net/safetensors.h"

namespace halfwave {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{60};

// In the new process: only what is safe there, then the program.
[[noreturn]] void become(const Strings& arguments, const StartOptions& options) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_DFL);
  if (options.before_exec) options.before_exec();
  if (options.folder.empty() || ::chdir(options.folder.c_str()) == 0) ::execvp(pointers[0], pointers.data());
  ::_exit(127);
}

struct Pipe {
  int read = -1;
  int write = -1;
};

Pipe make_pipe() {
  std::array<int, 2> ends{-1, -1};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  return {ends[0], ends[1]};
}

void close_if_open(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

// Takes what is there; false at the end.
bool take(int& descriptor, std::string& text) {
  std::array<char, 1 << 14> block;
  const ssize_t count = ::read(descriptor, block.data(), block.size());
  if (count < 0 && errno == EINTR) return true;
  // A terminal whose other end is closed gives EIO.
  if (count <= 0) {
    close_if_open(descriptor);
    return false;
  }
  text.append(block.data(), static_cast<std::size_t>(count));
  return true;
}

}  // namespace

Process::Process(Strings arguments, const StartOptions& options) {
  if (options.terminal) {
    winsize size{.ws_row = 40, .ws_col = options.columns, .ws_xpixel = 0, .ws_ypixel = 0};
    pid_ = ::forkpty(&out_, nullptr, nullptr, &size);
    if (pid_ == 0) {
      ::setenv("TERM", "xterm", 1);
      become(arguments, options);
    }
    EXPECT_GT(pid_, 0);
    return;
  }
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(in.read, STDIN_FILENO);
    ::dup2(out.write, STDOUT_FILENO);
    ::dup2(err.write, STDERR_FILENO);
    if (options.deaf) ::close(out.read);
    become(arguments, options);
  }
  EXPECT_GT(pid_, 0);
  for (int end : {in.read, out.write, err.write}) ::close(end);
  EXPECT_LT(options.input.size(), 60000U) << "more than a pipe surely takes at once";
  EXPECT_EQ(::write(in.write, options.input.data(), options.input.size()),
            static_cast<ssize_t>(options.input.size()));
  ::close(in.write);
  out_ = out.read;
  err_ = err.read;
  if (options.deaf) close_if_open(out_);
}

Process::~Process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  close_if_open(out_);
  close_if_open(err_);
}

bool Process::pump(int milliseconds) {
  std::array<pollfd, 2> ends{{{out_, POLLIN, 0}, {err_, POLLIN, 0}}};  // poll() leaves out what is negative
  if (::poll(ends.data(), ends.size(), milliseconds) > 0) {
    if (ends[0].revents != 0) take(out_, result_.out);
    if (ends[1].revents != 0) take(err_, result_.err);
  }
  return out_ >= 0 || err_ >= 0;
}

bool Process::wait_for(std::string_view text) {
  return wait_until([&] { return result_.out.find(text) != std::string::npos; });
}

bool Process::wait_until(const std::function<bool()>& done) {
  for (const auto end = Clock::now() + patience; Clock::now() < end;) {
    if (done()) return true;
    if (!pump(0)) return done();
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return false;
}

void Process::send(int signal) const { EXPECT_EQ(::kill(pid_, signal), 0); }

Result Process::wait() {
  const auto end = Clock::now() + patience;
  while (pump(50)) {
    if (Clock::now() < end) continue;
    ADD_FAILURE() << "it did not end in time";
    ::kill(pid_, SIGKILL);
    break;
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
  pid_ = -1;
  if (WIFEXITED(status)) result_.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result_.signal = WTERMSIG(status);
  return result_;
}

std::string tool() { return HALFWAVE_TOOL; }

Result run_tool(const StartOptions& options, const Strings& arguments) {
  Strings all{tool()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return Process(all, options).wait();
}

Result Folder::run(const Strings& arguments, const std::string& input) const {
  return run_tool({.folder = path(), .input = input}, arguments);
}

std::string idx(const std::vector<std::uint32_t>& sizes, const std::string& values) {
  std::string text{'\0', '\0', '\x08', static_cast<char>(sizes.size())};
  for (const std::uint32_t size : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(size >> shift & 0xFF);
  }
  return text + values;
}

void write_data(const std::filesystem::path& folder, std::uint64_t seed, std::uint32_t train,
                std::uint32_t test) {
  make_folder(folder);
  constexpr std::uint32_t side = 12;
  RandomStream random(seed, RandomPurpose::test);
  for (const auto& [part, count] : {std::pair{"train", train}, std::pair{"t10k", test}}) {
    std::string images;
    std::string labels;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t label = random.below(4);
      labels += static_cast<char>(label);
      for (std::uint32_t place = 0; place < side * side; ++place) {
        const std::uint32_t quarter = place / side / (side / 2) * 2 + place % side / (side / 2);
        images += static_cast<char>(20 + random.below(180) + (quarter == label ? 25 : 0));
      }
    }
    write_file(folder / (std::string(part) + "-images-idx3-ubyte"), idx({count, side, side}, images));
    write_file(folder / (std::string(part) + "-labels-idx1-ubyte"), idx({count}, labels));
  }
}

const char* const plain_net = R"(name = "plain"
input = [12, 12, 1]
layers = [ { conv = 6, kernel = 3 }, "activation", { max_pool = 2 }, { linear = 4 } ]
)";

const char* const batch_norm_net = R"(name = "normed"
input = [12, 12, 1]
layers = [
  { conv = 6, kernel = 3 }, "batch_norm", "activation", { max_pool = 2 },
  { linear = 16 }, "activation", { dropout = 0.3 },
  { linear = 4 },
]
)";

TrainedRun::TrainedRun() {
  write_data(folder_ / "data");
  folder_.write("net.toml", plain_net);
  EXPECT_EQ(
      folder_.run({"train", "net.toml", "data", "--threads", "1", "--epochs", "4", "--out", "run"}).status,
      0);
}

nlohmann::json TrainedRun::json(const std::string& command, Strings arguments) const {
  arguments.insert(arguments.begin(), command);
  arguments.push_back("--json");
  const Result result = folder_.run(arguments);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out.find('\n'), result.out.size() - 1);
  return nlohmann::json::parse(result.out);
}

void expect_error(const Result& result, int status, const Strings& parts) {
  EXPECT_EQ(result.status, status) << result.err;
  EXPECT_EQ(result.err.rfind("halfwave: ", 0), 0U) << result.err;
  EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << "expected one line: " << result.err;
  for (const std::string& part : parts) {
    EXPECT_NE(result.err.find(part), std::string::npos) << "expected '" << part << "' in: " << result.err;
  }
}

std::string flipped(std::string bytes, std::size_t place) {
  bytes.at(place) = static_cast<char>(bytes.at(place) ^ 4);
  return bytes;
}

std::map<std::string, std::string> tensors(const std::filesystem::path& file) {
  std::map<std::string, std::string> result;
  const SafetensorsFile read = SafetensorsFile::read(file, true);
  for (const TensorEntry& entry : read.entries()) result[entry.name] = std::string(entry.bytes);
  return result;
}

std::string state(const std::filesystem::path& file) {
  auto json = nlohmann::json::parse(SafetensorsFile::read(file, true).text("halfwave.state"));
  for (const char* time : {"seconds", "waited"}) {
    json.erase(time);
    for (auto& epoch : json.at("history")) epoch.erase(time);
  }
  return json.dump();
}

std::string results(const std::filesystem::path& run) {
  std::string result;
  std::istringstream lines(read_file(run / "results.csv", 1 << 20));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream cells(line);
    int column = 0;
    for (std::string cell; std::getline(cells, cell, ','); ++column)
      result += (column == 6 ? "" : cell) + ",";
    result += "\n";
  }
  return result;
}

void expect_same_run(const std::filesystem::path& run, const std::filesystem::path& expected) {
  const auto want = tensors(expected / "last.safetensors");
  const auto got = tensors(run / "last.safetensors");
  EXPECT_GT(want.size(), 4U);
  EXPECT_EQ(got.size(), want.size());
  for (const auto& [name, bytes] : want) {
    ASSERT_TRUE(got.contains(name)) << name;
    EXPECT_TRUE(got.at(name) == bytes) << "tensor " << name << " differs";
  }
  EXPECT_EQ(state(run / "last.safetensors"), state(expected / "last.safetensors"));
  EXPECT_TRUE(tensors(run / "best.safetensors") == tensors(expected / "best.safetensors"));
  EXPECT_EQ(results(run), results(expected));
}

Strings names(const std::filesystem::path& folder) {
  Strings result;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    result.push_back(entry.path().filename().string());
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace halfwave
