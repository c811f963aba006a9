// Bad idx files: refused in one line that names the file and what to do, whatever their header claims.
#include <sys/resource.h>

#include "sample.h"

namespace halfwave {
namespace {

class BadData : public testing::Test {
 protected:
  BadData() {
    write_data(folder_ / "data", 1, 20, 10);
    folder_.write("net.toml", plain_net);
  }
  void expect_refused(const Strings& parts) const {
    expect_error(folder_.run({"train", "net.toml", "data", "--threads", "1"}), 1, parts);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "runs")) << "it began all the same";
  }
  const std::string images_ = "data/train-images-idx3-ubyte";
  const std::string labels_ = "data/train-labels-idx1-ubyte";
  Folder folder_;
};

TEST_F(BadData, IsRefusedWhateverIsWrong) {
  const std::string good = folder_.read(images_);
  const auto images = [&](const std::string& bytes, const Strings& parts) {
    folder_.write(images_, bytes);
    expect_refused(parts);
  };
  images("", {images_});
  images(good.substr(0, 3), {images_});
  images(good.substr(0, 10), {images_, "cut"});
  images(good.substr(0, 2000), {images_, "expected 2880 values (20x12x12), got 1984", "cut"});
  images(good + "x", {images_, "bytes after them"});
  images(idx({20, 12, 0}, ""), {images_, "at least one value"});
  images("\x89PNG and so on", {images_});
  images(std::string("\x1f\x8b\x08\0\0\0\0\0\0\3broken", 16), {images_});
  images(idx({20}, std::string(20, '\1')), {images_, "expected images"});
  images(idx({21, 12, 12}, std::string(21 * 144, 'x')), {labels_, "21 images", "got 20"});
  images(idx({20, 12, 13}, std::string(20UL * 12 * 13, 'x')), {"12x13x1"});
}

TEST_F(BadData, AnOversizedHeaderTakesNoMemory) {
  // Each claims gigabytes and holds some hundred bytes.
  for (const auto& sizes : {std::vector<std::uint32_t>{0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF},
                            {0xFFFFFFFF, 1, 1},
                            {1000, 1400, 1400}}) {
    folder_.write(images_, idx(sizes, std::string(500, 'x')));
    Result result;
    rusage before{};
    getrusage(RUSAGE_CHILDREN, &before);
    expect_refused({images_});
    rusage after{};
    getrusage(RUSAGE_CHILDREN, &after);
    // The largest child so far, in KB.
    EXPECT_LT(after.ru_maxrss, std::max(before.ru_maxrss, 400'000L));
  }
}

TEST_F(BadData, SaysWhichFileIsMissing) {
  std::filesystem::remove(folder_ / "data/t10k-labels-idx1-ubyte");
  expect_refused({"data", "t10k-labels", "found none"});
  expect_error(folder_.run({"train", "net.toml", "nowhere"}), 1,
               {"data 'nowhere'", "found nothing of that name"});
  expect_error(folder_.run({"train", "net.toml", "net.toml"}), 1, {"data 'net.toml'", "it is no folder"});
  expect_error(folder_.run({"export", "nowhere", "out"}), 1, {"data 'nowhere'"});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
}

TEST_F(BadData, DoesNotFitTheNet) {
  folder_.write(labels_, idx({20}, std::string(20, '\5')));
  expect_refused({"net 'plain' has 4 outputs, but the data have 6 classes"});
}

TEST_F(BadData, ExportWritesPicturesThatAreReadAgain) {
  const Result result = folder_.run({"export", "data", "out/deep", "--count", "3"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(names(folder_ / "out/deep").size(), 3U);
  expect_error(folder_.run({"export", "data", "net.toml/out"}), 1, {"net.toml/out", "Not a directory"});
  make_folder(folder_ / "two");
  for (const char* const part : {"train", "t10k"}) {
    folder_.write("two/" + std::string(part) + "-images", idx({2, 3, 3, 2}, std::string(36, 'x')));
    folder_.write("two/" + std::string(part) + "-labels", idx({2}, std::string(2, '\0')));
  }
  expect_error(folder_.run({"export", "two", "none"}), 1, {"two: its images have 2 channels", "colour (3)"});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "none"));
}

}  // namespace
}  // namespace halfwave
