#include "halfwave/data/idx_dataset.h"

#include <gtest/gtest.h>

#include "sample.h"

namespace halfwave {
namespace {

Idx images(std::vector<std::int64_t> sizes, std::vector<std::uint8_t> values) {
  return {.file = "images", .sizes = std::move(sizes), .values = std::move(values)};
}

Idx labels(std::vector<std::uint8_t> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return {.file = "labels", .sizes = {count}, .values = std::move(values)};
}

TEST(IdxDataset, GivesImagesAndLabels) {
  const auto data = make_idx_dataset(images({2, 1, 2}, {1, 2, 3, 4}), labels({1, 0}), {"cat", "dog"});
  EXPECT_EQ(data->size(), 2U);
  EXPECT_EQ(data->shape(), (Shape{.height = 1, .width = 2, .channels = 1}));
  EXPECT_EQ(data->classes(), (std::vector<std::string>{"cat", "dog"}));
  std::vector<float> values(2);
  data->get(1, values.data());
  EXPECT_EQ(values, (std::vector<float>{3.0F / 255, 4.0F / 255}));
  EXPECT_EQ(data->label(1), 0);
  data->get(0, values.data());
  EXPECT_EQ(values, (std::vector<float>{1.0F / 255, 2.0F / 255}));
  EXPECT_EQ(data->label(0), 1);
}

TEST(IdxDataset, TakesColour) {
  const auto data = make_idx_dataset(images({1, 2, 1, 3}, {1, 2, 3, 4, 5, 6}), labels({0}), {"0"});
  EXPECT_EQ(data->shape(), (Shape{.height = 2, .width = 1, .channels = 3}));
}

TEST(IdxDataset, FingerprintNamesTheContent) {
  const std::vector<std::string> classes{"0", "1"};
  const auto data = make_idx_dataset(images({2, 1, 2}, {1, 2, 3, 4}), labels({1, 0}), classes);
  // 0xb63cfbcd is the CRC-32 of the bytes 1 2 3 4, 0x58c223be that of 1 0.
  EXPECT_EQ(data->fingerprint(), "2x1x2x1-b63cfbcd-58c223be");
  const auto same = make_idx_dataset(images({2, 1, 2}, {1, 2, 3, 4}), labels({1, 0}), classes);
  EXPECT_EQ(same->fingerprint(), data->fingerprint());
  const auto turned = make_idx_dataset(images({2, 2, 1}, {1, 2, 3, 4}), labels({1, 0}), classes);
  EXPECT_NE(turned->fingerprint(), data->fingerprint());
  const auto relabelled = make_idx_dataset(images({2, 1, 2}, {1, 2, 3, 4}), labels({0, 1}), classes);
  EXPECT_NE(relabelled->fingerprint(), data->fingerprint());
  const auto other = make_idx_dataset(images({2, 1, 2}, {1, 2, 4, 3}), labels({1, 0}), classes);
  EXPECT_NE(other->fingerprint(), data->fingerprint());
}

TEST(IdxDataset, SaysWhatIsWrong) {
  EXPECT_EQ(message([] {
              make_idx_dataset(images({2}, {1, 2}), labels({1, 0}), {"0", "1"});
            }),
            "images: expected images (3 or 4 dimensions), got 2; are images and labels exchanged?");
  EXPECT_EQ(message([] {
              make_idx_dataset(images({1, 1, 1}, {1}), images({1, 1, 1}, {0}), {"0"});
            }),
            "images: expected labels (1 dimension), got 1x1x1; are images and labels exchanged?");
  EXPECT_EQ(message([] {
              make_idx_dataset(images({1, 1, 1}, {1}), labels({0, 0}), {"0"});
            }),
            "labels: expected a label for each of the 1 images in images, got 2");
  EXPECT_EQ(message([] {
              make_idx_dataset(images({2, 1, 1}, {1, 1}), labels({1, 2}), {"0", "1"});
            }),
            "labels: expected labels from 0 to 1, got 2 for image 1");
}

class IdxFolder : public testing::Test {
 protected:
  IdxFolder() {
    put("train-images-idx3-ubyte", idx_header({2, 1, 2}) + "abcd");
    put("train-labels-idx1-ubyte", idx_header({2}) + std::string("\x01\0", 2));
    put("t10k-images-idx3-ubyte", idx_header({1, 1, 2}) + "ef");
    put("t10k-labels-idx1-ubyte", idx_header({1}) + "\x02");
  }

  void put(const std::string& name, const std::string& content) { write_file(folder_ / name, content); }
  void rename(const std::string& from, const std::string& to) {
    std::filesystem::rename(folder_ / from, folder_ / to);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string error() {
    return message([&] { open_idx_folder(folder_.path()); });
  }

  TestFolder folder_;
};

TEST_F(IdxFolder, Opens) {
  const DataPair pair = open_idx_folder(folder_.path());
  EXPECT_EQ(pair.name, folder_.string());
  EXPECT_EQ(pair.train->size(), 2U);
  EXPECT_EQ(pair.test->size(), 1U);
  // Up to the greatest label of both.
  EXPECT_EQ(pair.train->classes(), (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_EQ(pair.test->classes(), pair.train->classes());
}

TEST_F(IdxFolder, KnowsOtherNames) {
  rename("train-images-idx3-ubyte", "emnist-train-images.idx3-ubyte");
  rename("t10k-images-idx3-ubyte", "test-images.idx3-ubyte.gz");  // a wrong name for a plain file
  rename("t10k-labels-idx1-ubyte", "test-labels");
  put("train-labels-idx1-ubyte.gz", "not read, because the plain file lies beside it");
  put("README", "");
  EXPECT_EQ(open_idx_folder(folder_.path()).train->size(), 2U);
}

TEST_F(IdxFolder, MissesAFile) {
  std::filesystem::remove(folder_ / "t10k-labels-idx1-ubyte");
  EXPECT_EQ(error(),
            folder_.string() +
                ": expected an idx file named t10k-labels or test-labels, found none; a data folder holds "
                "train-images, train-labels, t10k-images and t10k-labels");
}

TEST_F(IdxFolder, HasTooManyFiles) {
  put("old-train-labels", "");
  EXPECT_EQ(error(), folder_.string() +
                         ": expected one file named train-labels, found old-train-labels and "
                         "train-labels-idx1-ubyte; keep one");
}

TEST_F(IdxFolder, HasExchangedFiles) {
  rename("train-images-idx3-ubyte", "aside");
  rename("train-labels-idx1-ubyte", "train-images-idx3-ubyte");
  rename("aside", "train-labels-idx1-ubyte");
  EXPECT_EQ(error(), path("train-images-idx3-ubyte") +
                         ": expected images (3 or 4 dimensions), got 2; are images and labels exchanged?");
}

TEST_F(IdxFolder, HasDifferentShapes) {
  put("t10k-images-idx3-ubyte", idx_header({1, 2, 2}) + "efgh");
  EXPECT_EQ(error(),
            path("t10k-images-idx3-ubyte") + ": expected images of 1x2x1, as for training, got 2x2x1");
}

TEST_F(IdxFolder, ChecksLabelsAgainstGivenClasses) {
  EXPECT_EQ(message([&] {
              open_idx_folder(folder_.path(), {"cat", "dog"});
            }),
            path("t10k-labels-idx1-ubyte") + ": expected labels from 0 to 1, got 2 for image 0");
}

TEST_F(IdxFolder, IsMissing) {
  EXPECT_EQ(message([&] { open_idx_folder(folder_.path() / "none"); }),
            "cannot read " + path("none") + ": No such file or directory");
  EXPECT_EQ(message([&] { open_fashion_mnist(folder_ / "none"); }),
            "fashion-mnist: expected its files in " + path("none") +
                ", found no such folder; apt-get install dataset-fashion-mnist");
}

}  // namespace
}  // namespace halfwave
