#include "halfwave/train/model.h"

#include <gtest/gtest.h>

#include "common/error_message.h"
#include "common/test_folder.h"
#include "halfwave/base/file.h"
#include "sample_data.h"

namespace halfwave {
namespace {

class ModelFile : public testing::Test {
 protected:
  std::string refused() const {
    return message([this] { load_model(path); });
  }

  TestFolder folder;
  std::filesystem::path path = folder / "model.safetensors";
};

ModelInfo info() { return {{"a", "b", "c", "d"}, {{0.25F}, {0.5F}}}; }

TEST_F(ModelFile, ComesBackAsItWas) {
  Net net(parse_net(sample_net(), "test"));
  net.initialise(3);
  net.state()[0] = 42;
  save_model(path, net, info());
  const Model model = load_model(path);
  EXPECT_TRUE(std::equal(net.parameters().begin(), net.parameters().end(), model.net.parameters().begin()));
  EXPECT_TRUE(std::equal(net.state().begin(), net.state().end(), model.net.state().begin()));
  EXPECT_EQ(model.info.classes, info().classes);
  EXPECT_EQ(model.info.normalisation, info().normalisation);
  EXPECT_EQ(to_toml(model.net.spec()), to_toml(net.spec()));
}

TEST_F(ModelFile, EveryDamagedByteIsNoticed) {
  Net net(parse_net("input = [1, 1, 2]\nlayers = [{ linear = 2 }]", "test"));
  save_model(path, net, {{"a", "b"}, {{0}, {1}}});
  Net plain(parse_net("input = [1, 1, 1]\nlayers = [{ linear = 2 }]", "test"));
  save_model(path, plain, {{"a", "b"}, {{0}, {1}}});
  const std::string good = read_file(path, 1 << 20);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    write_file(path, bad);
    ASSERT_NE(refused(), "no error") << "byte " << i;
  }
  for (std::size_t size = 0; size < good.size(); size += 7) {
    write_file(path, std::string_view(good).substr(0, size));
    ASSERT_NE(refused(), "no error") << "cut to " << size;
  }
}

TEST_F(ModelFile, WhatDoesNotFitIsRefused) {
  Net net(parse_net(sample_net(), "test"));
  save_model(path, net, {{"a", "b"}, {{0.0F}, {1.0F}}});
  EXPECT_EQ(refused(), path.string() + ": it names 2 classes, but its net has 4 outputs");
  save_model(path, net, {{"a", "b", "c", "d"}, {{0.0F, 0.0F}, {1.0F, 1.0F}}});
  EXPECT_NE(refused(), "no error");
  write_safetensors(path, {}, {});
  EXPECT_NE(refused().find("is no file of Halfwave: it has no 'halfwave.net'"), std::string::npos);
}

}  // namespace
}  // namespace halfwave
