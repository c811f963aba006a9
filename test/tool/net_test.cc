// Nets as TOML: halfwave nets prints what halfwave train takes, and errors name line, layer, expected and
// found.
#include "sample.h"

namespace halfwave {
namespace {

class Nets : public testing::Test {
 protected:
  void expect_refused(const std::string& toml, const Strings& parts) const {
    folder_.write("net.toml", toml);
    expect_error(folder_.run({"nets", "net.toml"}), 1, parts);
    expect_error(folder_.run({"train", "net.toml", "data"}), 1, parts);
  }
  Folder folder_;
};

TEST_F(Nets, ListsThem) {
  const Result result = folder_.run({"nets"});
  EXPECT_EQ(result.status, 0);
  for (const char* name : {"mlp", "lenet5", "mnist-example", "cifar-quick", "alexnet", "alexnet-small",
                           "vgg-small", "vgg11", "vgg19", "resnet20", "resnet18"}) {
    EXPECT_NE(result.out.find(std::string("\n") + name + " "), std::string::npos) << name;
  }
}

TEST_F(Nets, PrintsOneWithItsTable) {
  const Result result = folder_.run({"nets", "lenet5", "--activation", "tanh"});
  EXPECT_EQ(result.status, 0);
  for (const char* part : {"parameters", "multiply-adds", "61,706", "Glorot", "tanh", "activation = \"tanh\"",
                           "{ linear = 10 }"}) {
    EXPECT_NE(result.out.find(part), std::string::npos) << part;
  }
}

TEST_F(Nets, ChangesTheHiddenActivationOrSaysWhyNot) {
  const Result prelu = folder_.run({"nets", "lenet5", "--activation", "prelu"});
  EXPECT_EQ(prelu.status, 0) << prelu.err;
  EXPECT_NE(prelu.out.find("activation = \"prelu\""), std::string::npos) << prelu.out;
  folder_.write("own.toml",
                "name = \"own\"\ninput = [2, 2, 1]\nlayers = [ { linear = 3 }, \"relu\", { linear = 2 } ]\n");
  for (const char* const command : {"nets", "train"}) {
    Strings arguments{command, "own.toml"};
    if (std::string(command) == "train") arguments.emplace_back("nowhere");
    arguments.insert(arguments.end(), {"--activation", "tanh"});
    expect_error(folder_.run(arguments), 2, {"--activation: no layer of net 'own' is \"activation\""});
  }
}

TEST_F(Nets, PrintsTomlThatCanBeTrainedFrom) {
  for (const char* name : {"lenet5", "resnet20"}) {
    const Result toml = folder_.run({"nets", name, "--toml"});
    EXPECT_EQ(toml.status, 0);
    folder_.write("my.toml", toml.out);
    EXPECT_EQ(folder_.run({"nets", "my.toml", "--toml"}).out, toml.out);
  }
  std::string my = folder_.run({"nets", "lenet5", "--toml"}).out;
  my.replace(my.find("[28, 28, 1]"), 11, "[12, 12, 1]");
  my.replace(my.find("{ linear = 10 }"), 15, "{ linear = 4 }");
  my.replace(my.find("kernel = 5 }"), 12, "kernel = 3 }");
  folder_.write("my.toml", my);
  write_data(folder_ / "data", 1, 100, 20);
  const Result result = folder_.run({"train", "my.toml", "data", "--threads", "1", "--epochs", "1"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(std::filesystem::exists(folder_ / "runs/lenet5-data/last.safetensors"));
}

TEST_F(Nets, WarnsOfBadPractice) {
  folder_.write("net.toml", "input = [12, 12, 1]\nlayers = [{ linear = 4 }, \"softmax\"]\n");
  const Result result = folder_.run({"nets", "net.toml"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err.rfind("warning: the net ends in 'softmax'", 0), 0U) << result.err;
}

TEST_F(Nets, SyntaxErrorsNameFileAndLine) {
  expect_refused("", {"net.toml", "'input' is missing"});
  expect_refused("input = [12, 12, 1]\nlayers = [ { conv = 6, ]", {"net.toml, line 2"});
  expect_refused("input = [12, 12, 1]\n", {"net.toml", "'layers' is missing"});
  expect_refused("input = [12, 12, 1]\nlayers = []\n", {"no layers"});
  expect_refused("input = [12, 12]\nlayers = [{ linear = 4 }]\n",
                 {"net.toml, line 1", "[height, width, channels]"});
  expect_refused("input = [12, 12, 0]\nlayers = [{ linear = 4 }]\n", {"net.toml, line 1", "'input'"});
  expect_refused("input = [12, 12, 1]\nlayer = [{ linear = 4 }]\n",
                 {"net.toml, line 2", "unknown key 'layer'; did you mean 'layers'?"});
  expect_refused("input = [12, 12, 1]\nlayers = [{ linar = 4 }]\n",
                 {"net.toml, line 2", "unknown layer 'linar'; did you mean 'linear'?"});
  expect_refused("input = [12, 12, 1]\nlayers = [\"rel\", { linear = 4 }]\n",
                 {"'rel'", "did you mean 'relu'?"});
  expect_refused("activation = \"rel\"\ninput = [12, 12, 1]\nlayers = [{ linear = 4 }]\n",
                 {"'rel'", "did you mean 'relu'?"});
  expect_refused("loss = \"cross\"\ninput = [12, 12, 1]\nlayers = [{ linear = 4 }]\n",
                 {"unknown loss 'cross'"});
  expect_refused(std::string(5000, '['), {"net.toml", "nested too deeply"});
  expect_refused(std::string("\x89PNG\r\n\x1a\n\0\0\0", 11), {"net.toml"});
  expect_error(folder_.run({"nets", "missing.toml"}), 1, {"missing.toml", "No such file"});
}

TEST_F(Nets, ShapeErrorsNameTheLayer) {
  const auto layers = [](const std::string& text) {
    return "input = [12, 12, 1]\nlayers = [" + text + "]\n";
  };
  expect_refused(layers("{ conv = 6, kernel = 13 }, { linear = 4 }"), {"conv 'conv1'", "12x12x1"});
  expect_refused(layers("{ conv = 6, kernel = 5, groups = 2 }, { linear = 4 }"), {"conv 'conv1'", "groups"});
  expect_refused(layers("{ conv = 0, kernel = 5 }"), {"conv", "expected a whole number from 1"});
  expect_refused(layers("{ conv = 6, kernel = 5, strid = 2 }"), {"conv", "'strid'; did you mean 'stride'?"});
  expect_refused(layers("{ max_pool = 2 }, { max_pool = 9 }, { linear = 4 }"),
                 {"max_pool 'max_pool2'", "6x6x1"});
  expect_refused(layers("{ linear = 4, name = \"a\" }, { linear = 4, from = \"b\" }"),
                 {"no layer before it is named 'b'"});
  expect_refused(layers("{ conv = 6, kernel = 3, name = \"a\" }, { conv = 6, kernel = 3, name = \"b\" }, { "
                        "add = [\"a\", \"b\"] }"),
                 {"add", "10x10x6", "8x8x6"});
  expect_refused(layers("{ linear = 1000000000 }, { linear = 4 }"),
                 {"linear", "expected a whole number from 1"});
  expect_refused(layers("{ linear = 1000000 }, { linear = 1000000 }, { linear = 4 }"),
                 {"linear 'linear2'", "too large"});
}

}  // namespace
}  // namespace halfwave
