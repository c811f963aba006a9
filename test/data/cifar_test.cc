#include "halfwave/data/cifar.h"

#include <gtest/gtest.h>

#include "sample.h"

namespace halfwave {
namespace {

// A record of labels and three planes; each value tells its place.
std::string record(const std::string& labels) {
  std::string text = labels;
  for (int plane = 0; plane < 3; ++plane)
    for (int i = 0; i < 1024; ++i) text += static_cast<char>((i + 80 * plane) % 256);
  return text;
}

class Cifar : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& content) { write_file(folder_ / name, content); }
  std::string error() {
    return message([&] { open_data(folder_.string()); });
  }
  TestFolder folder_;
};

TEST_F(Cifar, TenClasses) {
  put("data_batch_1.bin", record("\x03") + record("\x09"));
  put("data_batch_2.bin", record("\x01"));
  put("test_batch.bin", record(std::string(1, '\0')));
  const DataPair data = open_data(folder_.string());
  EXPECT_EQ(data.kind, "CIFAR-10, binary");
  EXPECT_EQ(data.train->size(), 3U);
  EXPECT_EQ(data.test->size(), 1U);
  EXPECT_EQ(data.train->shape(), (Shape{.height = 32, .width = 32, .channels = 3}));
  EXPECT_EQ(data.train->label(0), 3);
  EXPECT_EQ(data.train->label(1), 9);
  EXPECT_EQ(data.train->label(2), 1);
  EXPECT_EQ(data.train->classes().at(9), "9");
  std::vector<float> values(3072);
  data.train->get(1, values.data());
  for (std::size_t i = 0; i < 1024; ++i) {
    for (std::size_t c = 0; c < 3; ++c)
      ASSERT_EQ(values[3 * i + c], static_cast<float>((i + 80 * c) % 256) / 255) << i;
  }
}

TEST_F(Cifar, AHundredClassesByTheFineLabel) {
  put("train.bin", record("\x03\x63"));
  put("test.bin", record("\x13\x07"));
  std::string names;
  for (int i = 0; i < 100; ++i) names += "name" + std::to_string(i) + "\r\n";
  put("fine_label_names.txt", names + "\n");
  const DataPair data = open_data(folder_.string());
  EXPECT_EQ(data.kind, "CIFAR-100, binary");
  EXPECT_EQ(data.train->label(0), 99);
  EXPECT_EQ(data.test->label(0), 7);
  EXPECT_EQ(data.test->classes().at(7), "name7");
}

TEST_F(Cifar, AnotherFileBesideFoldersMakesNoCifar) {
  put("weights.bin", "something");
  EXPECT_TRUE(is_cifar_folder(folder_.path())) << "cut, perhaps: it is told then";
  make_folder(folder_ / "cats");
  EXPECT_FALSE(is_cifar_folder(folder_.path()));
  put("test_batch.bin", record("\x03"));
  EXPECT_TRUE(is_cifar_folder(folder_.path()));
}

TEST_F(Cifar, SaysWhatIsWrongAndWhere) {
  const std::string place = folder_.string();
  put("data_batch_1.bin", record("\x03"));
  EXPECT_EQ(error(),
            place +
                ": expected files for training and for testing (data_batch_1.bin and test_batch.bin, "
                "or train.bin and test.bin), found none for testing");
  put("test_batch.bin", record("\x03").substr(1));
  EXPECT_EQ(error(),
            place +
                "/test_batch.bin: expected a file of CIFAR-10 of whole records of 3073 bytes, got 3072 "
                "bytes, 3072 behind the last whole one; is it cut?");
  put("test_batch.bin", record("\x03") + record("\x0a"));
  EXPECT_EQ(error(),
            place + "/test_batch.bin: expected a label from 0 to 9 at byte 3073, got 10; is it damaged?");
  put("test_batch.bin", "");
  EXPECT_EQ(error(), place + "/test_batch.bin: expected records of CIFAR, got an empty file");
  put("test_batch.bin", record("\x03"));
  put("batches.meta.txt", "cat\ndog\n");
  EXPECT_EQ(error(), place + "/batches.meta.txt: expected the names of 10 classes, a line each, got 2");
}

}  // namespace
}  // namespace halfwave
