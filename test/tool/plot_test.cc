// Drawing activations: in the terminal, to a file, and what is refused.
#include <sys/stat.h>

#include <algorithm>

#include "sample.h"

namespace halfwave {
namespace {

class Plot : public testing::Test {
 protected:
  void expect_refused(const Strings& more, const Strings& parts, int status = 2) const {
    Strings arguments{"plot"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Result result = folder_.run(arguments);
    expect_error(result, status, parts);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(names(folder_.path()), Strings{});
  }
  Folder folder_;
};

TEST_F(Plot, DrawsInTheTerminal) {
  const Result result = folder_.run({"plot", "relu", "leaky_relu:slope=0.1", "tanh"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out.rfind("a relu   b leaky_relu:slope=0.1   c tanh\n", 0), 0U) << result.out;
  for (const char* part : {"f(x)", "f'(x)", "┤", "└", "⠤"})
    EXPECT_NE(result.out.find(part), std::string::npos) << part << " in " << result.out;
  EXPECT_EQ(result.out.find('\x1b'), std::string::npos);
}

TEST_F(Plot, UsesTheWidthOfTheTerminal) {
  const auto longest = [&](unsigned short columns) {
    const Result result = run_tool({.terminal = true, .columns = columns}, {"plot", "relu"});
    EXPECT_EQ(result.status, 0);
    long most = 0;
    long count = 0;
    for (const char c : result.out) {
      count = c == '\n' ? 0 : count + ((c & 0xC0) != 0x80 && c != '\r' ? 1 : 0);
      most = std::max(most, count);
    }
    return most;
  };
  EXPECT_GT(longest(120), 110);
  EXPECT_LE(longest(120), 120);
  EXPECT_LE(longest(70), 70);
}

TEST_F(Plot, WritesAPicture) {
  const Result result = folder_.run({"plot", "relu", "tanh", "--svg", "out.svg"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, "picture written to out.svg\n");
  EXPECT_EQ(names(folder_.path()), Strings{"out.svg"});
  const std::string svg = folder_.read("out.svg");
  EXPECT_EQ(svg.rfind("<svg ", 0), 0U);
  for (const char* part : {">relu<", ">tanh<", "</svg>\n"})
    EXPECT_NE(svg.find(part), std::string::npos) << part;
}

TEST_F(Plot, TakesARangeInEitherForm) {
  const Result apart = folder_.run({"plot", "--range", "-40:20", "relu"});
  EXPECT_EQ(apart.status, 0) << apart.err;
  EXPECT_NE(apart.out.find("-40"), std::string::npos) << apart.out;
  EXPECT_EQ(folder_.run({"plot", "relu", "--range=-40:20"}).out, apart.out);
  EXPECT_EQ(folder_.run({"plot", "relu", "--range", "-4e1:20.0"}).out, apart.out);
  EXPECT_EQ(folder_.run({"plot", "relu", "--range", "-.5:.5"}).status, 0);
  EXPECT_EQ(folder_.run({"plot", "relu", "--range", "-5:5"}).out, folder_.run({"plot", "relu"}).out);
}

TEST_F(Plot, RefusesWrongRanges) {
  for (const char* range : {"",       ":",     "5",        "-5",        "5:",      ":5",    "1:2:3",
                            "a:b",    "-5,5",  "5:-5",     "1:1",       "0:0.001", "nan:1", "0:nan",
                            "-inf:0", "0:inf", "0:100001", "-100001:0", "0:1e999", "0x1:2", " 0:1"}) {
    expect_refused(
        {"relu", "--svg", "out.svg", "--range", range},
        {"--range: expected LOW:HIGH from -100000 to 100000, HIGH larger by 0.01 or more, as in -5:5, got '" +
         std::string(range) + "'"});
  }
  expect_refused({"relu", "--range"}, {"--range"});
}

TEST_F(Plot, RefusesWrongActivations) {
  expect_refused({}, {"ACTIVATION is required", "halfwave plot --help"});
  expect_refused({"relu", "thanh"}, {"unknown activation 'thanh'; did you mean 'tanh'?"});
  expect_refused({"relu", "tanh", "relu"}, {"plot: 'relu' is given twice"});
  expect_refused({"leaky_relu", "leaky_relu:slope=0.01"}, {"plot: 'leaky_relu' is given twice"});
  const Strings nine{"relu", "tanh", "elu", "selu", "gelu", "silu", "mish", "step", "abs"};
  expect_refused(nine, {"plot: expected at most 8 activations, got 9"});
  EXPECT_EQ(folder_.run({"plot", "relu", "tanh", "elu", "selu", "gelu", "silu", "mish", "step"}).status, 0);
  EXPECT_EQ(folder_.run({"plot", "leaky_relu", "leaky_relu:slope=0.1"}).status, 0);
}

TEST_F(Plot, SaysWhenThePictureCannotBeWritten) {
  expect_refused({"relu", "--svg", "nowhere/out.svg"}, {"nowhere/out.svg", "No such file or directory"}, 1);
  expect_refused({"relu", "--svg", "."}, {"cannot write"}, 1);
  expect_refused({"relu", "--svg", ""}, {"cannot write"}, 1);
  expect_refused({"relu", "--svg="}, {"--svg"});
  expect_refused({"relu", "--svg"}, {"--svg"});
}

TEST_F(Plot, ReplacesPlainFilesAlone) {
  folder_.write("old.svg", "old");
  EXPECT_EQ(folder_.run({"plot", "relu", "--svg", "old.svg"}).status, 0);
  EXPECT_EQ(folder_.read("old.svg").rfind("<svg ", 0), 0U);
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("old.svg", folder_ / "link");
  for (const char* name : {"pipe", "link"}) {
    const auto before = std::filesystem::symlink_status(folder_ / name).type();
    expect_error(folder_.run({"plot", "relu", "--svg", name}), 1,
                 {std::string("cannot write ") + name + ": it is there and no plain file"});
    EXPECT_EQ(std::filesystem::symlink_status(folder_ / name).type(), before);
  }
  EXPECT_EQ(names(folder_.path()), (Strings{"link", "old.svg", "pipe"}));
}

}  // namespace
}  // namespace halfwave
