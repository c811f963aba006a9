// The bar of progress shows on a terminal, and nowhere else.
#include <signal.h>

#include "sample.h"

namespace halfwave {
namespace {

class Terminal : public testing::Test {
 protected:
  Terminal() {
    write_data(folder_ / "data", 1, 2000, 100);
    folder_.write("net.toml", plain_net);
  }
  const Strings train_{tool(),     "train", "net.toml", "data", "--threads", "1",
                       "--epochs", "2",     "--batch",  "8",    "--out",     "run"};
  Folder folder_;
};

TEST_F(Terminal, ShowsABarWhileTraining) {
  const Result result = Process(train_, {.folder = folder_.path(), .terminal = true}).wait();
  EXPECT_EQ(result.status, 0) << result.out;
  const std::size_t bar = result.out.find("\r\x1b[Kepoch 1/2 [");
  ASSERT_NE(bar, std::string::npos) << result.out;
  const std::string line = result.out.substr(bar, result.out.find('\r', bar + 1) - bar);
  for (const char* part : {"%  loss ", "accuracy ", " images/s", " left"}) {
    EXPECT_NE(line.find(part), std::string::npos) << part << " in " << line;
  }
  EXPECT_LT(line.size(), 150U + 5);
  // Each line of the table stands alone, the bar taken away.
  EXPECT_NE(result.out.find("\r\x1b[K    1  "), std::string::npos) << result.out;
  EXPECT_GT(result.out.rfind("best test accuracy"), result.out.rfind("\x1b"));
}

TEST_F(Terminal, ShowsAllFiguresOnANarrowOne) {
  const Result result = Process(train_, {.folder = folder_.path(), .terminal = true, .columns = 80}).wait();
  EXPECT_EQ(result.status, 0) << result.out;
  const std::size_t bar = result.out.find("\r\x1b[Kepoch 1/2");
  ASSERT_NE(bar, std::string::npos) << result.out;
  const std::string line = result.out.substr(bar + 4, result.out.find('\r', bar + 1) - bar - 4);
  EXPECT_LT(line.size(), 80U) << line;
  for (const char* part : {"%  loss ", "accuracy ", " images/s", " left"}) {
    EXPECT_NE(line.find(part), std::string::npos) << part << " in " << line;
  }
}

TEST_F(Terminal, ShowsNoneElsewhere) {
  const Result piped = Process(train_, {.folder = folder_.path()}).wait();
  EXPECT_EQ(piped.status, 0) << piped.err;
  EXPECT_EQ(piped.err, "");
  EXPECT_EQ(piped.out.find_first_of("\x1b\r"), std::string::npos) << piped.out;
  EXPECT_EQ(piped.out.find(" left"), std::string::npos);
  const Result dumb =
      Process({"env", "TERM=dumb", tool(), "evaluate", "run"}, {.folder = folder_.path(), .terminal = true})
          .wait();
  EXPECT_EQ(dumb.status, 0);
  EXPECT_EQ(dumb.out.find('\x1b'), std::string::npos) << dumb.out;
}

TEST_F(Terminal, CtrlCSavesAndSaysHowToGoOn) {
  Strings endless = train_;
  endless.at(7) = "100000";
  Process process(endless, {.folder = folder_.path(), .terminal = true});
  ASSERT_TRUE(process.wait_for("epoch 1/100000 ["));
  process.send(SIGINT);
  const Result result = process.wait();
  EXPECT_EQ(result.status, 0);
  EXPECT_NE(result.out.find("go on with: halfwave train --resume run"), std::string::npos) << result.out;
}

}  // namespace
}  // namespace halfwave
