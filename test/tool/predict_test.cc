// halfwave predict: pictures of every kind, and bad ones among them.
#include <spng.h>
#include <turbojpeg.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "halfwave/data/png.h"
#include "sample.h"

namespace halfwave {
namespace {

// A picture of the given class: one bright quarter.
Image picture(int label, std::int64_t side = 12, std::int64_t channels = 1) {
  Image image{side, side, channels, {}};
  for (std::int64_t y = 0; y < side; ++y) {
    for (std::int64_t x = 0; x < side; ++x) {
      const bool bright = 2 * y / side * 2 + 2 * x / side == label;
      for (std::int64_t c = 0; c < channels; ++c) image.pixels.push_back(bright ? 160 : 100);
    }
  }
  return image;
}

std::string jpeg(const Image& image) {
  tjhandle handle = tjInitCompress();
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  const bool grey = image.channels == 1;
  EXPECT_EQ(tjCompress2(handle, image.pixels.data(), static_cast<int>(image.width), 0,
                        static_cast<int>(image.height), grey ? TJPF_GRAY : TJPF_RGB, &bytes, &size,
                        grey ? TJSAMP_GRAY : TJSAMP_444, 95, 0),
            0);
  const std::string text(reinterpret_cast<char*>(bytes), size);
  tjFree(bytes);
  tjDestroy(handle);
  return text;
}

// Colour and alpha, nothing transparent.
std::string png_with_alpha(const Image& colour) {
  std::vector<std::uint8_t> pixels;
  for (std::size_t i = 0; i < colour.pixels.size(); ++i) {
    pixels.push_back(colour.pixels[i]);
    if (i % 3 == 2) pixels.push_back(255);
  }
  spng_ctx* context = spng_ctx_new(SPNG_CTX_ENCODER);
  spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1);
  spng_ihdr header{};
  header.width = static_cast<std::uint32_t>(colour.width);
  header.height = static_cast<std::uint32_t>(colour.height);
  header.color_type = SPNG_COLOR_TYPE_TRUECOLOR_ALPHA;
  header.bit_depth = 8;
  EXPECT_EQ(spng_set_ihdr(context, &header), 0);
  EXPECT_EQ(spng_encode_image(context, pixels.data(), pixels.size(), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE), 0);
  std::size_t size = 0;
  int error = 0;
  void* bytes = spng_get_png_buffer(context, &size, &error);
  EXPECT_EQ(error, 0);
  const std::string text(static_cast<char*>(bytes), size);
  std::free(bytes);
  spng_ctx_free(context);
  return text;
}

class Predict : public testing::Test {
 protected:
  Predict() {
    write_data(folder_ / "data", 1, 1200);
    folder_.write("net.toml", plain_net);
    EXPECT_EQ(
        folder_.run({"train", "net.toml", "data", "--threads", "1", "--epochs", "6", "--out", "run"}).status,
        0);
  }
  Result predict(Strings arguments, const std::string& input = {}) const {
    arguments.insert(arguments.begin(), {"predict", "run"});
    return folder_.run(arguments, input);
  }
  // The first class named for a picture.
  std::string best(const std::string& bytes) const {
    folder_.write("one", bytes);
    const Result result = predict({"one", "--json"});
    EXPECT_EQ(result.status, 0) << result.err;
    return result.status == 0
               ? nlohmann::json::parse(result.out).at("classes")[0].at("name").get<std::string>()
               : "";
  }
  Folder folder_;
};

TEST_F(Predict, NamesPicturesOfAnyKindAndSize) {
  for (const int label : {0, 1, 2, 3}) {
    const std::string name = std::to_string(label);
    EXPECT_EQ(best(encode_png(picture(label))), name);
    EXPECT_EQ(best(jpeg(picture(label))), name);
    EXPECT_EQ(best(encode_png(picture(label, 97))), name) << "larger";
    EXPECT_EQ(best(encode_png(picture(label, 6))), name) << "smaller";
    EXPECT_EQ(best(encode_png(picture(label, 40, 3))), name) << "colour";
    EXPECT_EQ(best(jpeg(picture(label, 40, 3))), name) << "colour";
    EXPECT_EQ(best(png_with_alpha(picture(label, 20, 3))), name) << "alpha";
  }
}

TEST_F(Predict, PrintsTheTopClassesWithTheirShares) {
  folder_.write("a.png", encode_png(picture(1)));
  const Result text = predict({"a.png"});
  EXPECT_EQ(text.status, 0);
  EXPECT_EQ(text.err, "");
  EXPECT_EQ(text.out.rfind("a.png: 1 ", 0), 0U) << text.out;
  EXPECT_EQ(std::count(text.out.begin(), text.out.end(), '%'), 3) << text.out;
  for (const auto& [top, named] :
       {std::pair{"1", 1U}, std::pair{"2", 2U}, std::pair{"4", 4U}, std::pair{"50", 4U}}) {
    const Result result = predict({"a.png", "--json", "--top", top});
    EXPECT_EQ(result.status, 0);
    const auto json = nlohmann::json::parse(result.out);
    EXPECT_EQ(json.at("picture"), "a.png");
    ASSERT_EQ(json.at("classes").size(), named);
    double sum = 0;
    for (std::size_t i = 0; i < named; ++i) {
      const double share = json.at("classes")[i].at("share");
      sum += share;
      EXPECT_TRUE(i == 0 || share <= json.at("classes")[i - 1].at("share").get<double>());
    }
    EXPECT_TRUE(named < 4 || std::abs(sum - 1) < 1e-5) << sum;
  }
}

TEST_F(Predict, TakesFoldersAndManyFilesInOrder) {
  make_folder(folder_ / "pictures/deeper");
  folder_.write("pictures/b.png", encode_png(picture(2)));
  folder_.write("pictures/a.JPG", jpeg(picture(3)));
  folder_.write("pictures/c.jpeg", jpeg(picture(0)));
  folder_.write("pictures/notes.txt", "no picture");
  folder_.write("x.png", encode_png(picture(1)));
  const Result result = predict({"x.png", "pictures", "x.png", "--top", "1", "--json"});
  EXPECT_EQ(result.status, 0) << result.err;
  std::string found;
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    found += json.at("picture").get<std::string>() + "=" +
             json.at("classes")[0].at("name").get<std::string>() + " ";
  }
  EXPECT_EQ(found, "x.png=1 pictures/a.JPG=3 pictures/b.png=2 pictures/c.jpeg=0 x.png=1 ");
  expect_error(predict({"pictures/deeper"}), 1, {"pictures/deeper", "no picture"});
}

TEST_F(Predict, ReadsStandardInput) {
  const Result png = predict({"-", "--top", "1"}, encode_png(picture(2)));
  EXPECT_EQ(png.status, 0) << png.err;
  EXPECT_EQ(png.out.rfind("-: 2 ", 0), 0U) << png.out;
  EXPECT_EQ(predict({"-", "--top", "1"}, jpeg(picture(3))).out.rfind("-: 3 ", 0), 0U);
  expect_error(predict({"-"}), 1, {"standard input", "expected a picture"});
  expect_error(predict({"-"}, "some text"), 1, {"standard input", "expected a picture"});
}

TEST_F(Predict, AModelFileAloneDoes) {
  folder_.write("a.png", encode_png(picture(1)));
  std::filesystem::rename(folder_ / "run/best.safetensors", folder_ / "model.safetensors");
  const Result result = folder_.run({"predict", "model.safetensors", "a.png"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out.rfind("a.png: 1 ", 0), 0U) << result.out;
}

TEST_F(Predict, NamesBadPicturesAndPredictsTheOthers) {
  const std::string good = encode_png(picture(1));
  folder_.write("good.png", good);
  folder_.write("empty.png", "");
  folder_.write("cut.png", good.substr(0, good.size() - 20));
  const std::string whole = jpeg(picture(1, 64, 3));
  folder_.write("cut.jpg", whole.substr(0, whole.size() / 2));
  folder_.write("text.png", "this is no picture");
  folder_.write("flipped.png", flipped(good, good.size() / 2));
  expect_error(predict({"data"}), 1, {"the folder data holds no picture"});
  const Result mixed = predict(
      {"missing.png", "good.png", "empty.png", "cut.png", "cut.jpg", "text.png", "flipped.png", "good.png"});
  EXPECT_EQ(mixed.status, 1);
  EXPECT_EQ(std::count(mixed.out.begin(), mixed.out.end(), '\n'), 2) << mixed.out;
  std::istringstream lines(mixed.err);
  std::string line;
  for (const char* name : {"missing.png", "empty.png", "cut.png", "cut.jpg", "text.png", "flipped.png"}) {
    ASSERT_TRUE(std::getline(lines, line)) << name;
    EXPECT_EQ(line.rfind("halfwave: ", 0), 0U) << line;
    EXPECT_NE(line.find(name), std::string::npos) << line;
  }
  std::getline(lines, line);
  EXPECT_EQ(line, "halfwave: 6 of 8 pictures could not be read");
  EXPECT_FALSE(std::getline(lines, line)) << line;
  for (const char* name : {"missing.png", "empty.png", "cut.png", "cut.jpg", "text.png", "flipped.png"}) {
    expect_error(predict({name}), 1, {name});
  }
}

}  // namespace
}  // namespace halfwave
