// Bad model files, for evaluate and predict alike.
#include <sys/resource.h>

#include "halfwave/data/png.h"
#include "halfwave/net/safetensors.h"
#include "sample.h"

namespace halfwave {
namespace {

class BadModel : public testing::Test {
 protected:
  BadModel() {
    write_data(folder_ / "data", 1, 40, 10);
    folder_.write("net.toml", plain_net);
    folder_.write("a.png", encode_png({12, 12, 1, std::vector<std::uint8_t>(144, 100)}));
    EXPECT_EQ(
        folder_.run({"train", "net.toml", "data", "--threads", "1", "--epochs", "1", "--out", "run"}).status,
        0);
    good_ = folder_.read("run/best.safetensors");
  }
  void expect_refused(const Strings& parts) const {
    expect_error(folder_.run({"evaluate", "m.safetensors", "data"}), 1, parts);
    expect_error(folder_.run({"predict", "m.safetensors", "a.png"}), 1, parts);
  }
  std::string good_;
  Folder folder_;
};

TEST_F(BadModel, MissingOrDamagedIsRefused) {
  expect_refused({"m.safetensors: no such run or model file", "safetensors"});
  for (const auto& [what, bytes] :
       {std::pair{"empty", std::string()}, std::pair{"only a length", good_.substr(0, 8)},
        std::pair{"cut in the header", good_.substr(0, 200)},
        std::pair{"cut", good_.substr(0, good_.size() - 1)}, std::pair{"longer", good_ + "x"},
        std::pair{"foreign", std::string("PK\3\4") + std::string(5000, 'x')},
        std::pair{"flipped in the length", flipped(good_, 7)},
        std::pair{"flipped in the header", flipped(good_, 50)},
        std::pair{"flipped in a tensor", flipped(good_, good_.size() - 9)}}) {
    SCOPED_TRACE(what);
    folder_.write("m.safetensors", bytes);
    expect_refused({"m.safetensors is no sound safetensors file"});
  }
}

TEST_F(BadModel, EveryFlippedBitOfTheHeaderIsFound) {
  folder_.write("m.safetensors", good_);
  ASSERT_EQ(folder_.run({"predict", "m.safetensors", "a.png"}).status, 0);
  for (std::size_t place = 8; place < 900; place += 45) {
    folder_.write("m.safetensors", flipped(good_, place));
    expect_error(folder_.run({"predict", "m.safetensors", "a.png"}), 1, {"m.safetensors"});
  }
}

// Files with a good checksum whose content is wrong all the same.
TEST_F(BadModel, ForgedOnesAreRefused) {
  const SafetensorsFile file = SafetensorsFile::read(folder_ / "run/best.safetensors", true);
  const auto forged = [&](const std::string& key, const std::string& text, const Strings& parts) {
    auto metadata = file.metadata();
    metadata[key] = text;
    write_safetensors(folder_ / "m.safetensors", metadata, file.entries());
    expect_refused(parts);
  };
  std::string more = file.text("halfwave.net");
  more.replace(more.find("linear = 4"), 10, "linear = 5");
  forged("halfwave.net", more, {"m.safetensors", "linear1.weight", "shape"});
  forged("halfwave.net", "not = [toml", {"m.safetensors"});
  forged("halfwave.net", "", {"m.safetensors"});
  forged("halfwave.model", "{}", {"m.safetensors", "halfwave.model"});
  forged("halfwave.model", "[", {"m.safetensors", "halfwave.model"});
  forged("halfwave.model", R"({"classes":["a"],"mean":[0],"deviation":[1]})",
         {"m.safetensors", "1 classes", "4 outputs"});
  forged("halfwave.model", R"({"classes":["a","b","c","d"],"mean":[0],"deviation":[0]})",
         {"m.safetensors", "deviation"});
  write_safetensors(folder_ / "m.safetensors", {}, file.entries());
  expect_refused({"m.safetensors", "halfwave.net"});
  write_safetensors(folder_ / "m.safetensors", file.metadata(), {});
  expect_refused({"m.safetensors", "tensor 'conv1.weight' is missing"});
}

TEST_F(BadModel, ANetThatClaimsToBeHugeTakesNoMemory) {
  const SafetensorsFile file = SafetensorsFile::read(folder_ / "run/best.safetensors", true);
  auto metadata = file.metadata();
  // Half a gigabyte of weights in a file of a few KB.
  metadata["halfwave.net"] =
      "name = \"big\"\ninput = [12, 12, 1]\nlayers = [{ linear = 1000000 }, { linear = 4 }]\n";
  write_safetensors(folder_ / "m.safetensors", metadata, file.entries());
  rusage before{};
  getrusage(RUSAGE_CHILDREN, &before);
  expect_refused({"m.safetensors", "linear1.weight"});
  rusage after{};
  getrusage(RUSAGE_CHILDREN, &after);
  EXPECT_LT(after.ru_maxrss, std::max(before.ru_maxrss, 400'000L)) << "KB";
}

}  // namespace
}  // namespace halfwave
