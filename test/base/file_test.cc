#include "halfwave/base/file.h"

#include <gtest/gtest.h>

#include "common/error_message.h"
#include "common/test_folder.h"

namespace halfwave {
namespace {

TEST(File, WritesWholeAndLeavesNothingBeside) {
  const TestFolder folder;
  make_folder(folder / "deep");
  write_file(folder / "deep/a", "one");
  write_file(folder / "deep/a", "two");
  EXPECT_EQ(read_file(folder / "deep/a", 100), "two");
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder / "deep")) ++count;
  EXPECT_EQ(count, 1);
}

// A file that claims to be huge costs no memory: its size is looked at first.
TEST(File, RefusesLargeFilesUnread) {
  const TestFolder folder;
  write_file(folder / "huge", "x");
  std::filesystem::resize_file(folder / "huge", std::uintmax_t{1} << 40U);
  EXPECT_EQ(message([&] { read_file(folder / "huge", std::uint64_t{1} << 39U); }),
            (folder / "huge").string() + " is larger than the 550 GB such a file may have");
}

TEST(File, SaysWhatIsWrong) {
  const TestFolder folder;
  const std::string missing = (folder / "missing").string();
  EXPECT_EQ(message([&] { read_file(missing, 1); }),
            "cannot read " + missing + ": No such file or directory");
  EXPECT_EQ(message([&] { read_file(folder.path(), 1); }),
            "cannot read " + folder.string() + ": it is a folder");
  write_file(folder / "long", "12345");
  EXPECT_EQ(message([&] { read_file(folder / "long", 4); }),
            (folder / "long").string() + " is larger than the 4 B such a file may have");
  EXPECT_EQ(message([&] { write_file(folder / "none/x", "1"); }),
            "cannot write " + (folder / "none/x").string() + ": No such file or directory");
  EXPECT_EQ(message([&] { make_folder(folder / "long/x"); }),
            "cannot make the folder " + (folder / "long/x").string() + ": Not a directory");
}

TEST(File, ReplacesNoLink) {
  const TestFolder folder;
  write_file(folder / "target", "old");
  std::filesystem::create_symlink("target", folder / "link");
  EXPECT_EQ(message([&] { write_file(folder / "link", "new"); }),
            "cannot write " + (folder / "link").string() + ": it is there and no plain file");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "target", 10), "old");
}

TEST(File, KeepsTheOldOneWhenTheDiskIsFull) {
  // /dev/full refuses every write; through a link its error is that of a full disk.
  EXPECT_THROW(write_file("/dev/full/x", "1"), Error);
}

}  // namespace
}  // namespace halfwave
