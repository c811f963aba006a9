#include "halfwave/data/picture_dataset.h"

#include <gtest/gtest.h>

#include "halfwave/base/parallel.h"
#include "halfwave/data/fit.h"
#include "halfwave/data/png.h"
#include "picture_file.h"
#include "sample.h"

namespace halfwave {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

class PictureData : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& content) const {
    make_folder((folder_ / name).parent_path());
    write_file(folder_ / name, content);
  }
  void put(const std::string& name, const Image& image) const { put(name, encode_png(image)); }
  // Eight pictures of 6x5 in two classes, all different.
  void put_some() const {
    for (int i = 0; i < 8; ++i) {
      Image image = distinct_picture(6, 5, 3);
      image.pixels[0] = static_cast<std::uint8_t>(20 * i);
      put((i % 2 == 0 ? "even/" : "odd/") + std::to_string(i) + ".png", image);
    }
  }
  DataPair open(const DataOptions& options = {}) const { return open_data(folder_.string(), options); }
  // Wide and other pictures, in two parts.
  void put_wide(const Image& wide) const {
    put("train/a/1.png", wide);
    put("train/b/1.jpg", distinct_picture(11, 10, 3));
    put("test/a/1.png", distinct_picture(7, 8, 3));
  }
  static std::vector<float> values(const Image& image) {
    std::vector<float> result(image.pixels.size());
    to_values(image.pixels.data(), result.size(), result.data());
    return result;
  }
  static std::vector<float> values(const Dataset& data, std::size_t i) {
    std::vector<float> result(data.shape().size());
    data.get(i, result.data());
    return result;
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  TestFolder folder_;
};

TEST_F(PictureData, GivesEachPictureFitted) {
  const Image wide = distinct_picture(20, 40, 3);
  put_wide(wide);
  for (const std::uint64_t cache : {0, 1 << 20}) {
    const DataPair data = open({.height = 6, .width = 8, .cache = cache});
    EXPECT_EQ(data.train->shape(), (Shape{.height = 6, .width = 8, .channels = 3}));
    EXPECT_EQ(values(*data.train, 0), values(fit(wide, data.train->shape())));
    EXPECT_EQ(data.train->decodes(), cache == 0);
  }
}

TEST_F(PictureData, GivesPartsOfTheWholePicture) {
  const Image wide = distinct_picture(20, 40, 3);
  put_wide(wide);
  for (const std::uint64_t cache : {0, 1 << 20}) {
    const DataPair data = open({.height = 6, .width = 8, .cache = cache});
    EXPECT_EQ(data.train->picture_size(0), (PictureSize{20, 40}));
    // The left edge, which is not in the fitted picture.
    const PicturePart edge{.top = 0.25, .left = 0, .height = 0.5, .width = 0.1};
    std::vector<float> got(data.train->shape().size());
    data.train->get_part(0, edge, got.data());
    EXPECT_EQ(got, values(fit_part(wide, edge, data.train->shape())));
    put("train/a/1.png", distinct_picture(20, 41, 3));
    EXPECT_EQ(message([&] { data.train->get_part(0, edge, got.data()); }),
              path("train/a/1.png") + ": it has changed since the data were opened");
    put("train/a/1.png", wide);
  }
}

TEST_F(PictureData, TakesTheirOwnSizeWhereAllHaveOne) {
  put_some();
  const DataPair data = open();
  EXPECT_EQ(data.train->shape(), (Shape{.height = 6, .width = 5, .channels = 3}));
  EXPECT_EQ(data.kind, "class folders, 20 % of each class drawn for testing");
  put("odd/large.png", distinct_picture(9, 30, 1));
  const DataPair other = open();
  EXPECT_EQ(other.train->shape(), (Shape{.height = 224, .width = 224, .channels = 3}));
  ASSERT_TRUE(other.sizes);
  EXPECT_EQ(other.sizes->least, (PictureSize{6, 5}));
  EXPECT_EQ(other.sizes->middle, (PictureSize{6, 5}));
  EXPECT_EQ(other.sizes->most, (PictureSize{9, 30}));
  EXPECT_EQ(other.sizes->grey, 1U);
  EXPECT_EQ(other.sizes->colour, 8U);
}

TEST_F(PictureData, IsGreyWhereAllAre) {
  const Image grey = distinct_picture(6, 5, 1);
  for (const char* name : {"a/1", "a/2", "b/1", "b/2"}) put(name, grey);
  std::vector<float> expected(30);
  to_values(grey.pixels.data(), 30, expected.data());
  // One of the four is kept; the others are decoded anew.
  for (const std::uint64_t cache : {1 << 20, 100}) {
    const DataPair data = open({.cache = cache});
    EXPECT_EQ(data.train->shape().channels, 1);
    for (std::size_t i = 0; i < data.train->size(); ++i) EXPECT_EQ(values(*data.train, i), expected);
    EXPECT_EQ(values(*data.test, 0), expected);
  }
  EXPECT_EQ(open({.channels = 3}).train->shape().channels, 3);
}

TEST_F(PictureData, TheBudgetAndTheThreadsChangeNothing) {
  put_some();
  const DataPair all = open();
  for (const std::uint64_t cache : {0, 100, 300}) {
    const ThreadScope threads(cache == 0 ? 1 : 3);
    const DataPair some = open({.cache = cache});
    EXPECT_EQ(some.train->fingerprint(), all.train->fingerprint());
    for (std::size_t i = 0; i < all.train->size(); ++i) {
      EXPECT_EQ(values(*some.train, i), values(*all.train, i));
      EXPECT_EQ(some.train->label(i), all.train->label(i));
    }
  }
}

TEST_F(PictureData, SplitsBySeedAndClass) {
  put_some();
  const DataPair data = open({.test_share = 0.5});
  EXPECT_EQ(data.train->size(), 4U);
  int odd = 0;
  for (std::size_t i = 0; i < 4; ++i) odd += data.train->label(i);
  EXPECT_EQ(odd, 2);
  EXPECT_EQ(open({.test_share = 0.5}).train->fingerprint(), data.train->fingerprint());
  EXPECT_NE(open({.test_share = 0.5, .split_seed = 2}).train->fingerprint(), data.train->fingerprint());
}

TEST_F(PictureData, LeavesOutWhatIsNoSoundPicture) {
  put_some();
  const std::string whole = encode_png(distinct_picture(6, 5, 3));
  put("even/cut.png", whole.substr(0, 60));
  put("even/empty.png", std::string());
  put("odd/text.png", std::string("hello"));
  const DataPair data = open();
  EXPECT_EQ(data.train->size() + data.test->size(), 8U);
  ASSERT_EQ(data.skipped.size(), 3U);
  EXPECT_EQ(data.skipped[0], path("even/cut.png") + ": the PNG image is cut or damaged (end of stream)");
  EXPECT_EQ(data.skipped[1], path("even/empty.png") + ": expected a picture, got an empty file");
  EXPECT_TRUE(data.skipped[2].starts_with(path("odd/text.png") + ": expected a picture (JPEG"));
  EXPECT_TRUE(message([&] { open({.strict = true}); }).starts_with(path("")));
}

TEST_F(PictureData, NoticesFilesThatVanishOrChange) {
  put_some();
  const DataPair data = open({.test_share = 0.5, .cache = 0});
  const std::vector<float> before = values(*data.train, 0);
  for (int i = 0; i < 8; ++i) {
    const std::string name = (i % 2 == 0 ? "even/" : "odd/") + std::to_string(i) + ".png";
    if (i < 4) {
      fs::remove(folder_ / name);
    } else {
      put(name, distinct_picture(6, 5, 3));
    }
  }
  std::size_t vanished = 0;
  std::size_t changed = 0;
  for (const auto& part : {data.train, data.test}) {
    for (std::size_t i = 0; i < part->size(); ++i) {
      const std::string text = message([&] { values(*part, i); });
      vanished += text.find("No such file") != std::string::npos ? 1 : 0;
      changed += text.find("it has changed since the data were opened") != std::string::npos ? 1 : 0;
    }
  }
  EXPECT_EQ(vanished, 4U);
  EXPECT_EQ(changed, 4U);
}

TEST_F(PictureData, LabelsAreThoseOfTheModel) {
  put_some();
  const DataPair data = open({.classes = {"odd", "prime", "even"}});
  EXPECT_EQ(data.train->classes(), (Strings{"odd", "prime", "even"}));
  for (std::size_t i = 0; i < data.train->size(); ++i) EXPECT_NE(data.train->label(i), 1);
  EXPECT_EQ(
      message([&] {
        open({.classes = {"odd", "evens"}});
      }),
      folder_.string() + ": it has a class 'even', which the model does not know; did you mean 'evens'?");
}

TEST_F(PictureData, TellsHowFarItIs) {
  put_some();
  const ThreadScope one(1);
  std::vector<std::size_t> told;
  open({.height = 6, .width = 5, .progress = [&](std::size_t done, std::size_t all) {
          EXPECT_EQ(all, 8U);
          told.push_back(done);
        }});
  EXPECT_EQ(told, (std::vector<std::size_t>{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST_F(PictureData, SaysWhatIsWrong) {
  put("one/1.png", distinct_picture(6, 5, 3));
  EXPECT_EQ(message([&] { open(); }), folder_.string() + ": expected at least two classes, got one, 'one'");
  put("two/1.png", distinct_picture(6, 5, 3));
  EXPECT_EQ(message([&] { open(); }),
            folder_.string() +
                ": expected pictures for training and testing, got 2 and 0; a class is "
                "split where it has two or more");
  put("one/1.png", std::string("x"));
  put("two/1.png", std::string("x"));
  EXPECT_TRUE(
      message([&] { open(); })
          .starts_with(folder_.string() +
                       ": expected pictures for training and testing, got 0 and 0; 2 files are no sound "
                       "pictures, the first: " +
                       path("one/1.png")));
}

TEST_F(PictureData, OpensAList) {
  put("x/1.png", distinct_picture(6, 5, 3));
  put("x/2.png", distinct_picture(6, 5, 1));
  put("list.csv",
      std::string("path,label,split\nx/1.png,a,train\nx/2.png,b,train\nx/1.png,a,test\nx/3.png,b,test\n"));
  const DataPair data = open_data((folder_ / "list.csv").string());
  EXPECT_EQ(data.train->size(), 2U);
  EXPECT_EQ(data.test->size(), 1U);
  EXPECT_EQ(data.skipped, Strings{"cannot read " + path("x/3.png") + ": No such file or directory"});
}

}  // namespace
}  // namespace halfwave
