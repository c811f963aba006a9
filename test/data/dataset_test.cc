#include "halfwave/data/dataset.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "sample.h"

namespace halfwave {
namespace {

std::vector<int> count_classes(const Dataset& data) {
  std::vector<int> counts(data.classes().size());
  for (std::size_t i = 0; i < data.size(); ++i) ++counts[static_cast<std::size_t>(data.label(i))];
  return counts;
}

TEST(OpenData, FashionMnist) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
    GTEST_SKIP() << "Debian's package dataset-fashion-mnist is not installed";
  }
  const DataPair pair = open_data("fashion-mnist");
  EXPECT_EQ(pair.name, "fashion-mnist");
  EXPECT_EQ(pair.train->size(), 60'000U);
  EXPECT_EQ(pair.test->size(), 10'000U);
  EXPECT_EQ(pair.train->shape(), (Shape{.height = 28, .width = 28, .channels = 1}));
  EXPECT_EQ(pair.test->shape(), pair.train->shape());
  EXPECT_EQ(count_classes(*pair.train), std::vector<int>(10, 6'000));
  EXPECT_EQ(count_classes(*pair.test), std::vector<int>(10, 1'000));
  EXPECT_EQ(pair.train->classes().at(static_cast<std::size_t>(pair.train->label(0))), "Ankle boot");
  EXPECT_EQ(pair.train->classes().front(), "T-shirt/top");
  EXPECT_NE(pair.train->fingerprint(), pair.test->fingerprint());
}

TEST(OpenData, Mnist) {
  const char* root = std::getenv("HALFWAVE_DATA");
  const std::filesystem::path folder =
      root != nullptr ? std::filesystem::path(root) / "mnist"
                      : std::filesystem::path(HALFWAVE_TEST_FOLDER) / "../../shared/data/mnist";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no mnist under HALFWAVE_DATA";
  const DataPair pair = open_data(folder.string());
  EXPECT_EQ(pair.train->size(), 60'000U);
  EXPECT_EQ(pair.train->shape(), (Shape{.height = 28, .width = 28, .channels = 1}));
  // The counts of LeCun's files.
  EXPECT_EQ(count_classes(*pair.train),
            (std::vector<int>{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}));
  EXPECT_EQ(pair.train->classes().back(), "9");
}

TEST(OpenData, SaysWhatIsWrong) {
  const TestFolder folder;
  EXPECT_EQ(
      message([] { open_data("fashion-mnits"); }),
      "data 'fashion-mnits': expected fashion-mnist, a folder or a table, found nothing of that name; did "
      "you mean 'fashion-mnist'?");
  EXPECT_EQ(message([] { open_data(""); }),
            "data '': expected fashion-mnist, a folder or a table, found nothing of that name");
  const std::string file = (folder / "file").string();
  write_file(file, "x");
  EXPECT_EQ(message([&] { open_data(file); }),
            "data '" + file + "': it is no folder, and as a table it is wrong: " + file +
                ": expected a line of names and rows below it, found no row");
  write_file(file, "\x89PNG\r\n\x1a\n");
  EXPECT_EQ(
      message([&] { open_data(file); }),
      "data '" + file + "': expected many pictures, got one; name the folder that holds the class folders");
}

TEST(DataPlace, FindsTheSameDataFromAnyFolder) {
  const TestFolder folder;
  make_folder(folder / "set");
  make_folder(folder / "fashion-mnist");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  for (const char* const name : {"set", "set/", "./set", "set/../set/."})
    EXPECT_EQ(data_place(name), folder / "set");
  EXPECT_EQ(data_place("fashion-mnist"), "fashion-mnist");  // the package, whatever lies here
  EXPECT_EQ(data_place("./fashion-mnist"), folder / "fashion-mnist");
  EXPECT_EQ(data_place("nothing"), "nothing");
  std::filesystem::current_path(before);
}

}  // namespace
}  // namespace halfwave
