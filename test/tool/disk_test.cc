// A full disk and a folder that cannot be written: told in one line, and the former checkpoint still serves.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sample.h"

namespace halfwave {
namespace {

class Disk : public testing::Test {
 protected:
  Disk() {
    write_data(folder_ / "data");
    folder_.write("net.toml", batch_norm_net);
    make_folder(folder_ / "disk");
  }
  // A script in which mounts are its own; false where the system does not allow that.
  bool script(const std::string& text, Result& result) const {
    if (Process({"unshare", "-m", "true"}, {}).wait().status != 0) return false;
    result = Process({"unshare", "-m", "sh", "-c", text},
                     {.folder = folder_.path(),

                      .before_exec = [] { ::setenv("HALFWAVE", HALFWAVE_TOOL, 1); }})
                 .wait();
    return result.status != 99;  // 99: the mount failed
  }
  Strings train_arguments(const std::string& out) const {
    return {"train", "net.toml",     "data", "--threads", "1", "--epochs",
            "3",     "--save-every", "2",    "--out",     out};
  }
  Folder folder_;
};

TEST_F(Disk, AFullOneKeepsTheFormerCheckpoint) {
  // A checkpoint has 24 KB: there is room for the config and two of them, but not for a third beside them.
  Result result;
  if (!script(R"sh(
      mount -t tmpfs -o size=72k none disk || exit 99
      "$HALFWAVE" train net.toml data --threads 1 --epochs 3 --save-every 2 --out disk/run 2> err; echo status $? >&2
      ls disk/run >&2
      "$HALFWAVE" evaluate disk/run/last.safetensors data --json > evaluated; echo status $? >&2
      mount -o remount,size=1m disk
      "$HALFWAVE" train --resume disk/run --save-every 2 > resumed 2>&1; echo status $? >&2
      cp -r disk/run copy
      )sh",
              result)) {
    GTEST_SKIP() << "mounting a small tmpfs is not permitted here";
  }
  EXPECT_NE(result.err.find("status 1\n"), std::string::npos) << result.err;
  EXPECT_EQ(result.err.find(".part"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("last.safetensors"), std::string::npos) << result.err;
  EXPECT_TRUE(result.err.ends_with("status 0\nstatus 0\n")) << result.err << folder_.read("resumed");
  const std::string said = folder_.read("err");
  EXPECT_EQ(said.rfind("halfwave: cannot write disk/run/", 0), 0U) << said;
  EXPECT_TRUE(said.ends_with("No space left on device\n")) << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
  EXPECT_NE(folder_.read("resumed").find("going on from step "), std::string::npos);
  EXPECT_EQ(folder_.read("resumed").find("going on from step 0\n"), std::string::npos);
  EXPECT_EQ(folder_.run(train_arguments("whole")).status, 0);
  expect_same_run(folder_ / "copy", folder_ / "whole");
}

// The same where nothing can be mounted: the size of files is limited.
TEST_F(Disk, AFileThatMayNotGrowKeepsTheFormerCheckpoint) {
  EXPECT_EQ(folder_.run(train_arguments("whole")).status, 0);
  std::filesystem::copy(folder_ / "whole", folder_ / "run");
  std::filesystem::remove(folder_ / "run/last.safetensors");
  const std::string before = folder_.read("run/previous.safetensors");
  const Result result = run_tool({.folder = folder_.path(),

                                  .before_exec =
                                      [] {
                                        ::signal(SIGXFSZ, SIG_IGN);
                                        const rlimit limit{5000, 5000};
                                        ::setrlimit(RLIMIT_FSIZE, &limit);
                                      }},
                                 {"train", "--resume", "run"});
  expect_error(result, 1, {"cannot write run/", "File too large"});
  EXPECT_TRUE(folder_.read("run/previous.safetensors") == before);
  for (const std::string& name : names(folder_ / "run"))
    EXPECT_EQ(name.find(".part"), std::string::npos) << name;
  EXPECT_EQ(folder_.run({"train", "--resume", "run", "--save-every", "2"}).status, 0);
  expect_same_run(folder_ / "run", folder_ / "whole");
}

TEST_F(Disk, AReadOnlyFolderIsTold) {
  EXPECT_EQ(folder_.run(train_arguments("disk/run")).status, 0);
  Result result;
  if (!script(R"sh(
      mount --bind disk disk && mount -o remount,ro,bind disk || exit 99
      "$HALFWAVE" train net.toml data --threads 1 --out disk/new 2> new; echo status $? >&2
      "$HALFWAVE" train --resume disk/run --previous 2> resumed; echo status $? >&2
      "$HALFWAVE" evaluate disk/run --json > evaluated; echo status $? >&2
      "$HALFWAVE" export data disk/pictures 2> exported; echo status $? >&2
      )sh",
              result)) {
    GTEST_SKIP() << "mounting read-only is not permitted here";
  }
  EXPECT_EQ(result.err, "status 1\nstatus 1\nstatus 0\nstatus 1\n");
  EXPECT_EQ(folder_.read("new"), "halfwave: cannot make the folder disk/new: Read-only file system\n");
  const std::string resumed = folder_.read("resumed");
  EXPECT_EQ(resumed.rfind("halfwave: cannot write disk/run/", 0), 0U) << resumed;
  EXPECT_TRUE(resumed.ends_with("Read-only file system\n")) << resumed;
  EXPECT_EQ(folder_.read("exported"),
            "halfwave: cannot make the folder disk/pictures: Read-only file system\n");
}

TEST_F(Disk, APathThroughAFileIsTold) {
  expect_error(folder_.run(train_arguments("net.toml")), 1,
               {"cannot make the folder net.toml", "Not a directory"});
  expect_error(folder_.run(train_arguments("net.toml/run")), 1,
               {"cannot make the folder net.toml/run", "Not a directory"});
}

}  // namespace
}  // namespace halfwave
