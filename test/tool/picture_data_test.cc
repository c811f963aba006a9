// Training on folders of pictures, from the folder to what a run says of it.
#include <sys/resource.h>
#include <turbojpeg.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "halfwave/base/random.h"
#include "halfwave/data/png.h"
#include "sample.h"

namespace halfwave {
namespace {

// Of pictures of 24 x 20 in noise: bright at the left or at the right.
std::string picture(bool right, std::uint64_t number) {
  RandomStream random(number, RandomPurpose::test);
  Image image{.height = 20, .width = 24, .channels = 3, .pixels = {}};
  for (std::int64_t i = 0; i < 20 * 24; ++i) {
    const bool bright = (i % 24 >= 12) == right;
    for (int c = 0; c < 3; ++c)
      image.pixels.push_back(static_cast<std::uint8_t>(random.below(100) + (bright ? 120 : 30)));
  }
  return encode_png(image);
}

// One level everywhere, in few bytes.
std::string one_grey_jpeg(int size, int level) {
  const std::vector<std::uint8_t> pixels(static_cast<std::size_t>(size) * static_cast<std::size_t>(size),
                                         static_cast<std::uint8_t>(level));
  const tjhandle handle = tjInitCompress();
  unsigned char* bytes = nullptr;
  unsigned long length = 0;
  EXPECT_EQ(tjCompress2(handle, pixels.data(), size, 0, size, TJPF_GRAY, &bytes, &length, TJSAMP_GRAY, 90, 0),
            0);
  const std::string file(reinterpret_cast<const char*>(bytes), length);
  tjFree(bytes);
  tjDestroy(handle);
  return file;
}

class PictureTraining : public testing::Test {
 protected:
  PictureTraining() {
    for (std::uint64_t i = 0; i < 60; ++i) {
      const std::string name = i % 2 == 0 ? "photos/left side" : "photos/right";
      make_folder(folder_ / name);
      folder_.write(name + "/" + std::to_string(i) + ".png", picture(i % 2 == 1, i));
    }
  }
  Result train(Strings more) const {
    more.insert(more.begin(), {"train", "cifar-quick", "photos", "--threads", "2", "--batch", "10"});
    return folder_.run(more);
  }
  Folder folder_;
};

TEST_F(PictureTraining, AFolderTrainsAtOnce) {
  Result result = train({"--epochs", "3", "--size", "16", "--out", "run"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_NE(result.out.find("48 + 12 images, 16x16x3; class folders, 20 % of each class drawn for testing"),
            std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("best test accuracy 100.00 %"), std::string::npos) << result.out;
  result = folder_.run({"evaluate", "run"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("12 images of " + (folder_ / "photos").string() + ": accuracy 100.00 %"),
            std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("left side"), std::string::npos);
  result = folder_.run({"predict", "run", "photos/right/7.png", "photos/left side/8.png"});
  EXPECT_NE(result.out.find("7.png: right "), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("8.png: left side "), std::string::npos) << result.out;
}

TEST_F(PictureTraining, NeitherTheMemoryNorAStopChangesTheResult) {
  const Result first = train({"--epochs", "3", "--out", "whole"});
  ASSERT_EQ(first.status, 0) << first.err;
  ASSERT_EQ(train({"--epochs", "3", "--cache", "1", "--out", "small"}).status, 0);
  expect_same_run(folder_ / "small", folder_ / "whole");
  std::filesystem::copy(folder_ / "whole", folder_ / "run");
  std::filesystem::remove(folder_ / "run/last.safetensors");
  const Result result = folder_.run({"train", "--resume", "run"});
  ASSERT_EQ(result.status, 0) << result.err;
  expect_same_run(folder_ / "run", folder_ / "whole");
}

TEST_F(PictureTraining, OtherPicturesAreNoticedByAResumedRun) {
  ASSERT_EQ(train({"--epochs", "2", "--out", "run"}).status, 0);
  folder_.write("photos/right/1.png", picture(true, 99));
  expect_error(folder_.run({"train", "--resume", "run"}), 1, {"other data"});
}

TEST_F(PictureTraining, BadFilesAreToldAndLeftOut) {
  for (int i = 0; i < 7; ++i) folder_.write("photos/right/bad" + std::to_string(i) + ".png", "no picture");
  Result result = train({"--epochs", "1", "--out", "run"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 6) << result.err;
  EXPECT_NE(result.err.find("warning: left out: photos/right/bad0.png: expected a picture"),
            std::string::npos);
  EXPECT_NE(result.err.find("warning: 7 files are left out; `halfwave data photos` names them all"),
            std::string::npos);
  expect_error(train({"--epochs", "1", "--strict-data", "--out", "strict"}), 1, {"photos/right/bad"});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "strict"));
}

TEST_F(PictureTraining, OtherClassesAreMatchedByName) {
  ASSERT_EQ(train({"--epochs", "3", "--out", "run"}).status, 0);
  make_folder(folder_ / "other/right");
  for (std::uint64_t i = 200; i < 220; ++i)
    folder_.write("other/right/" + std::to_string(i) + ".png", picture(true, i));
  const Result result = folder_.run({"evaluate", "run", "other", "--training"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("accuracy 100.00 %"), std::string::npos) << result.out;
  std::filesystem::rename(folder_ / "other/right", folder_ / "other/rihgt");
  expect_error(folder_.run({"evaluate", "run", "other"}), 1, {"'rihgt'", "did you mean 'right'?"});
}

TEST_F(PictureTraining, SaysWhatIsWrongWithItsOptions) {
  for (const char* size : {"0", "x", "12x", "64x64x3", "-3", "9000", "sixty"})
    expect_error(train({"--size", size}), 2, {"--size: expected a size as in 64 or 48x64", size});
  for (const char* share : {"0", "1", "-0.5", "nan"})
    expect_error(train({"--test-share", share}), 2, {"--test-share"});
  expect_error(train({"--cache", "0"}), 2, {"--cache"});
}

TEST_F(PictureTraining, TheDataCommandSaysWhatThereIs) {
  make_folder(folder_ / "photos/nothing");
  folder_.write("photos/right/bad.png", "no picture");
  folder_.write("photos/left side/copy of 1.png", picture(true, 1));
  const Strings arguments{"data", "photos", "--split-seed", "3"};
  Result result = folder_.run(arguments);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  for (const char* part :
       {"photos: class folders, 20 % of each class drawn for testing, read as 20x24x3",
        "height x width: 20x24 at least, 20x24 in the middle, 20x24 at most; 61 in colour, 0 grey",
        "left side        25        6", "right            24        6", "all              49       12",
        "note: class 'nothing' has no files: it is left out", "files left out: 1\n",
        "  photos/right/bad.png: expected a picture", "photos-sheet.png shows the first pictures"})
    EXPECT_NE(result.out.find(part), std::string::npos) << part << " in " << result.out;
  const Image sheet = read_image(folder_ / "photos-sheet.png");
  EXPECT_EQ(sheet.height, 2 * (80 + 4) + 4);
  EXPECT_EQ(sheet.width, 10 * (96 + 4) + 4);

  result = folder_.run({"data", "photos", "--json", "--sheet", "none", "--test-share", "0.5"});
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json.at("training").get<int>() + json.at("testing").get<int>(), 61);
  EXPECT_EQ(json.at("classes").at(0).at("name"), "left side");
  EXPECT_EQ(json.at("left_out").size(), 1U);
  EXPECT_EQ(json.at("sizes").at("most"), (nlohmann::json{20, 24}));
  expect_error(folder_.run({"data", "photos", "--augment", "flp"}), 2, {"unknown change 'flp'", "'flip'"});
  expect_error(folder_.run({"data", "photos", "--strict-data"}), 1, {"photos/right/bad.png"});
}

TEST_F(PictureTraining, TheDataCommandFindsCopiesAmongTheTestPictures) {
  for (const char* name : {"parts/train/a", "parts/train/b", "parts/test/a", "parts/test/b"})
    make_folder(folder_ / name);
  folder_.write("parts/train/a/1.png", picture(false, 1));
  folder_.write("parts/train/b/2.png", picture(true, 2));
  folder_.write("parts/test/a/3.png", picture(false, 3));
  folder_.write("parts/test/b/4.png", picture(true, 2));
  const Result result = folder_.run({"data", "parts", "--sheet", "changed.png", "--augment", "flip,crop=2"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find(
                "pictures for testing that are also among those for training: 1; the test is too kind by as "
                "much\n  parts/test/b/4.png is parts/train/b/2.png\n"),
            std::string::npos)
      << result.out;
  EXPECT_NE(
      result.out.find("changed.png shows one picture as it is and changed as in training of each class"),
      std::string::npos);
  EXPECT_EQ(read_image(folder_ / "changed.png").channels, 3);
}

TEST_F(PictureTraining, AModelGoesOnWithOtherClasses) {
  ASSERT_EQ(train({"--epochs", "2", "--size", "16", "--out", "first"}).status, 0);
  for (std::uint64_t i = 300; i < 330; ++i) {
    const std::string name = i % 3 == 0 ? "other/x" : i % 3 == 1 ? "other/y" : "other/z";
    make_folder(folder_ / name);
    folder_.write(name + "/" + std::to_string(i) + ".png", picture(i % 2 == 1, i));
  }
  const Strings arguments{"train", "--from",  "first", "other",     "--epochs",
                          "2",     "--batch", "6",     "--threads", "1"};
  const auto with = [&](Strings more) {
    more.insert(more.begin(), arguments.begin(), arguments.end());
    return folder_.run(more);
  };
  Result result = with({"--out", "second", "--freeze", "conv1"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("linear1 beginning anew, conv1 frozen, rate of old layers x 0.1"),
            std::string::npos)
      << result.out;
  EXPECT_NE(
      folder_.read("second/config.toml").find("from = \"" + (folder_ / "first/best.safetensors").string()),
      std::string::npos);
  const auto before = tensors(folder_ / "first/best.safetensors");
  const auto after = tensors(folder_ / "second/last.safetensors");
  EXPECT_EQ(after.at("conv1.weight"), before.at("conv1.weight"));
  EXPECT_NE(after.at("conv2.weight"), before.at("conv2.weight"));
  EXPECT_EQ(after.at("linear1.bias").size(), 3 * sizeof(float));
  ASSERT_EQ(with({"--out", "tanh", "--activation", "tanh"}).status, 0);
  EXPECT_NE(folder_.read("tanh/config.toml").find("activation = \"tanh\""), std::string::npos);
  // The config alone repeats it, from the model that it names.
  make_folder(folder_ / "again");
  std::filesystem::copy(folder_ / "second/config.toml", folder_ / "again/config.toml");
  ASSERT_EQ(folder_.run({"train", "--resume", "again"}).status, 0);
  expect_same_run(folder_ / "again", folder_ / "second");
  // Killed before its first epoch has ended, it needs the model no more.
  std::filesystem::copy(folder_ / "second", folder_ / "third");
  std::filesystem::remove_all(folder_ / "first");
  std::filesystem::remove(folder_ / "third/last.safetensors");
  ASSERT_EQ(folder_.run({"train", "--resume", "third"}).status, 0);
  expect_same_run(folder_ / "third", folder_ / "second");
  expect_error(with({"--out", "fourth"}), 1, {"first", "no such run or model file"});
  expect_error(folder_.run({"train", "cifar-quick", "other", "--from", "second"}), 2,
               {"the model brings its net"});
}

TEST_F(PictureTraining, RatesAreTried) {
  const Result result = train({"--find-lr"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("the loss falls up to a rate of "), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("try --rate "), std::string::npos);
  const std::string svg = folder_.read("cifar-quick-rates.svg");
  EXPECT_TRUE(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs")) << "nothing is trained";
}

// Each epoch decodes at least 3 MB of pictures anew; were they kept, 30 epochs would take 90 MB more than
// one.
TEST_F(PictureTraining, MemoryStaysFlatOverEpochs) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer keeps what was freed";
#endif
  for (int i = 0; i < 100; ++i) {
    const std::string name = i % 2 == 0 ? "many/a" : "many/b";
    make_folder(folder_ / name);
    folder_.write(name + "/" + std::to_string(i) + ".jpg", one_grey_jpeg(200, i));
  }
  folder_.write("tiny.toml",
                "name = \"tiny\"\ninput = [200, 200, 1]\nlayers = [ { max_pool = 50 }, { linear = 2 } ]\n");
  const auto peak = [&](const char* epochs) {
    const Result result =
        folder_.run({"train", "tiny.toml", "many", "--epochs", epochs, "--batch", "8", "--cache", "1",
                     "--augment", "flip,resize=0.5", "--out", std::string("run") + epochs});
    EXPECT_EQ(result.status, 0) << result.err;
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    return usage.ru_maxrss;  // KB, the most of any so far
  };
  const long one = peak("1");
  // Threads that come and go leave the allocator a MB more or less.
  EXPECT_LT(peak("30"), one + 8000);
}

// 250 pictures of 900 x 900 are 200 MB decoded, more than the process may have.
TEST_F(PictureTraining, DataMayBeLargerThanTheMemory) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer itself takes more memory than the limit";
#endif
  for (int i = 0; i < 250; ++i) {
    const std::string name = i % 2 == 0 ? "many/a" : "many/b";
    make_folder(folder_ / name);
    folder_.write(name + "/" + std::to_string(i) + ".jpg", one_grey_jpeg(900, i));
  }
  folder_.write("tiny.toml",
                "name = \"tiny\"\ninput = [900, 900, 1]\nlayers = [ { max_pool = 100 }, { linear = 2 } ]\n");
  const auto run = [&](const char* cache) {
    return run_tool({.folder = folder_.path(),
                     .before_exec =
                         [] {
                           ::setenv("GOMP_SPINCOUNT", "2000", 1);
                           const rlimit limit{150UL << 20, 150UL << 20};
                           ::setrlimit(RLIMIT_DATA, &limit);
                         }},
                    {"train", "tiny.toml", "many", "--threads", "1", "--epochs", "2", "--batch", "2",
                     "--cache", cache, "--out", std::string("run") + cache});
  };
  const Result small = run("20");
  EXPECT_EQ(small.status, 0) << small.err;
  EXPECT_NE(small.out.find(" MB of 202 MB of decoded pictures are kept in memory"), std::string::npos)
      << small.out;
  EXPECT_EQ(small.err, "");
  expect_error(run("1000"), 1, {"not enough memory", "--cache"});
}

}  // namespace
}  // namespace halfwave
