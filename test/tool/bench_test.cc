// halfwave bench: one JSON object, or a table. How fast it is, is not tested.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <tuple>

#include "halfwave/activation/activation.h"
#include "sample.h"

namespace halfwave {
namespace {

class Bench : public testing::Test {
 protected:
  Bench() { folder_.write("net.toml", batch_norm_net); }
  Result bench(Strings arguments) const {
    arguments.insert(arguments.begin(), "bench");
    for (const char* more : {"--seconds", "0.05", "--batch", "8", "--threads", "2"})
      arguments.emplace_back(more);
    const Result result = folder_.run(arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return result;
  }
  Folder folder_;
};

TEST_F(Bench, PrintsOneJsonObject) {
  for (const char* what : {"train", "infer"}) {
    const Result result = bench({what, "net.toml", "--json"});
    EXPECT_EQ(result.out.find('\n'), result.out.size() - 1);
    const auto json = nlohmann::json::parse(result.out);
    EXPECT_EQ(json.at("net"), "normed");
    EXPECT_EQ(json.at("batch"), 8);
    EXPECT_EQ(json.at("threads"), 2);
    EXPECT_GT(json.at("images_per_second"), 100.0);
    EXPECT_GT(json.at("peak_memory_bytes"), 1'000'000);
    EXPECT_GT(json.at("multiply_add_limit_gflops"), 0.1);
    std::map<std::string, int> passes;
    for (const auto& pass : json.at("passes")) {
      ++passes[pass.at("pass")];
      EXPECT_GE(pass.at("microseconds_per_image"), 0.0);
      EXPECT_FALSE(pass.at("layer").get<std::string>().empty());
      const bool works = pass.at("layer").get<std::string>().starts_with("linear");
      EXPECT_EQ(pass.contains("gflops"), pass.contains("share_of_limit"));
      EXPECT_TRUE(!works || pass.at("gflops") > 0.0);
    }
    EXPECT_GE(passes["forward"], 4);
    EXPECT_EQ(passes["backward_weights"] > 0, std::string(what) == "train");
    EXPECT_EQ(passes["backward_data"] > 0, std::string(what) == "train");
  }
}

TEST_F(Bench, PrintsATableWithoutJson) {
  const Result result = bench({"train", "net.toml", "--activation", "tanh"});
  for (const char* part : {"layer", "pass", "us/image", "GFLOP/s", "of the limit", "backward_weights",
                           "normed, batch 8, 2 threads: ", "over dense",
                           "times as fast as with every product made, peak memory"}) {
    EXPECT_NE(result.out.find(part), std::string::npos) << part << " in " << result.out;
  }
}

TEST_F(Bench, ShowsWhichKernelsWereTakenAndHowManyZerosWereThere) {
  for (const char* what : {"train", "infer"}) {
    for (const auto& [kernels, name] : {std::pair{"sparse", "sparse"}, std::pair{"dense", "narrow"}}) {
      const auto json = nlohmann::json::parse(bench({what, "net.toml", "--json", "--kernels", kernels}).out);
      EXPECT_EQ(json.at("kernels"), kernels);
      EXPECT_GT(json.at("over_dense"), 0.0);
      const auto& first = json.at("passes").at(0);
      EXPECT_EQ(first.at("pass"), "forward");
      EXPECT_GT(first.at("over_dense"), 0.0);
      EXPECT_EQ(first.contains("zeros"), std::string(kernels) == "sparse");
      EXPECT_EQ(first.at("kernel"), name);
    }
  }
  expect_error(folder_.run({"bench", "train", "net.toml", "--kernels", "spars"}), 2,
               {"kernels 'spars'", "did you mean 'sparse'"});
  expect_error(folder_.run({"bench", "train", "net.toml", "--kernels", "dense", "--exact"}), 2, {"--exact"});
}

TEST_F(Bench, TakesData) {
  write_data(folder_ / "data", 1, 40, 10);
  EXPECT_NE(bench({"train", "net.toml", "--data", "data"}).out.find("normed, batch 8"), std::string::npos);
  expect_error(folder_.run({"bench", "infer", "lenet5", "--data", "data"}), 1, {"28x28x1", "12x12x1"});
  expect_error(folder_.run({"bench", "infer", "lenet5", "--data", "nowhere"}), 1, {"data 'nowhere'"});
}

TEST_F(Bench, TakesWhatATrainingHasLearned) {
  write_data(folder_ / "data", 1, 40, 10);
  ASSERT_EQ(folder_.run({"train", "net.toml", "data", "--epochs", "1", "--out", "run"}).status, 0);
  for (const char* model : {"run", "run/best.safetensors"}) {
    for (const char* what : {"train", "infer"}) {
      EXPECT_NE(bench({what, model, "--data", "data"}).out.find("normed, batch 8"), std::string::npos);
    }
  }
  expect_error(folder_.run({"bench", "infer", "run", "--activation", "tanh"}), 2, {"--activation", "run"});
  expect_error(folder_.run({"bench", "infer", "none.safetensors"}), 1, {"none.safetensors"});
  expect_error(folder_.run({"bench", "infer", "data"}), 1, {"data"});
  std::filesystem::create_directory(folder_ / "lenet5");  // hides no net
  EXPECT_NE(bench({"infer", "lenet5"}).out.find("lenet5, batch 8"), std::string::npos);
}

TEST_F(Bench, TakesNumbersToBeLearned) {
  std::string table = "a,b,y\n";
  for (int i = 0; i < 60; ++i) table += fmt::format("{},{},{}.5\n", i, i % 7, 2 * i);
  folder_.write("table.csv", table);
  ASSERT_EQ(
      folder_.run({"train", "mlp", "table.csv", "--target", "y", "--epochs", "1", "--out", "run"}).status, 0);
  for (const char* what : {"train", "infer"})
    EXPECT_NE(bench({what, "run", "--data", "table.csv"}).out.find("mlp, batch 8"), std::string::npos);
}

// The tool starts itself a second time, which must not inherit the one core that libgomp bound the first to.
TEST_F(Bench, UsesAllCoresWhenThreadsAreBoundToThem) {
  const auto threads = [&](bool bound) {
    const Result result = run_tool({.folder = folder_.path(),
                                    .before_exec =
                                        [=] {
                                          ::unsetenv("GOMP_SPINCOUNT");
                                          if (bound) ::setenv("OMP_PROC_BIND", "true", 1);
                                        }},
                                   {"bench", "infer", "net.toml", "--seconds", "0.05", "--json"});
    return nlohmann::json::parse(result.out).at("threads").get<int>();
  };
  EXPECT_EQ(threads(true), threads(false));
}

// halfwave bench activations

class BenchActivations : public testing::Test {
 protected:
  Result bench(Strings arguments) const {
    arguments.insert(arguments.begin(), {"bench", "activations", "--seconds", "0.001"});
    const Result result = folder_.run(arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return result;
  }
  std::vector<nlohmann::json> lines(Strings arguments) const {
    arguments.emplace_back("--json");
    std::vector<nlohmann::json> all;
    std::istringstream text(bench(arguments).out);
    for (std::string line; std::getline(text, line);) all.push_back(nlohmann::json::parse(line));
    return all;
  }
  Folder folder_;
};

using Figure = std::tuple<std::string, std::string, int>;  // activation, pass, n

std::multiset<Figure> figures(const std::vector<nlohmann::json>& lines) {
  std::multiset<Figure> all;
  for (const auto& line : lines) all.emplace(line.at("activation"), line.at("pass"), line.at("n"));
  return all;
}

TEST_F(BenchActivations, MeasuresBothPassesOfEveryActivationAtEverySize) {
  const auto measured = lines({"--n", "16,100", "--threads", "2"});
  std::multiset<Figure> expected;
  for (const int n : {16, 100}) {
    expected.emplace("copy", "forward", n);
    for (const ActivationInfo* info : activations()) {
      expected.emplace(info->name, "forward", n);
      expected.emplace(info->name, "backward", n);
    }
  }
  EXPECT_EQ(figures(measured), expected);
  for (const auto& line : measured) {
    EXPECT_EQ(line.size(), 6U) << line;
    EXPECT_EQ(line.at("threads"), 2);
    EXPECT_EQ(line.at("in_place"), false);
    EXPECT_GT(line.at("ns_per_value"), 0.0) << line;
    EXPECT_LT(line.at("ns_per_value"), 1e5) << line;
  }
}

TEST_F(BenchActivations, MeasuresThoseNamedAndRelu) {
  const auto measured =
      lines({"sigmoid", "leaky_relu:slope=0.5", "--n", "64", "--in-place", "--threads", "1"});
  EXPECT_EQ(figures(measured), (std::multiset<Figure>{{"copy", "forward", 64},
                                                      {"relu", "forward", 64},
                                                      {"relu", "backward", 64},
                                                      {"sigmoid", "forward", 64},
                                                      {"sigmoid", "backward", 64},
                                                      {"leaky_relu:slope=0.5", "forward", 64},
                                                      {"leaky_relu:slope=0.5", "backward", 64}}));
  for (const auto& line : measured) EXPECT_EQ(line.at("in_place"), line.at("activation") != "copy") << line;
  EXPECT_EQ(lines({"relu", "--n", "64"}).size(), 3U);
}

TEST_F(BenchActivations, WorksOnArraysThatThreadsShare) {
  for (const Strings& more : {Strings{}, Strings{"--in-place"}}) {
    Strings arguments{"relu", "--n", "100000", "--threads", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_EQ(lines(arguments).size(), 3U);
  }
}

TEST_F(BenchActivations, MeasuresMasksWhereTheSlopeHasTwoValues) {
  const auto measured = lines({"--masks", "--n", "64"});
  std::multiset<Figure> expected{{"copy", "forward", 64}};
  for (const ActivationInfo* info : activations()) {
    if (!info->backward_from_mask) continue;
    expected.emplace(info->name, "forward_mask", 64);
    expected.emplace(info->name, "backward_mask", 64);
  }
  EXPECT_EQ(figures(measured), expected);
  EXPECT_EQ(lines({"relu", "--masks", "--n", "100000", "--threads", "2", "--in-place"}).size(), 3U);
}

TEST_F(BenchActivations, PrintsATableASizeAndASentence) {
  const Result result = bench({"relu", "sigmoid", "--n", "64,128", "--threads", "1"});
  for (const char* part :
       {"64 values (256 B), out of place, 1 threads; a memory copy takes", "128 values (512 B)",
        "activation  forward ns/value  x copy  x relu  backward ns/value  x copy  x relu", "\nrelu ",
        "\nsigmoid ", "times as long as", " times backward.\n"}) {
    EXPECT_NE(result.out.find(part), std::string::npos) << part << " in " << result.out;
  }
}

TEST_F(BenchActivations, WritesAPicture) {
  bench({"tanh", "--n", "16,32", "--svg", "bars.svg"});
  const std::string svg = folder_.read("bars.svg");
  EXPECT_TRUE(svg.starts_with("<svg ")) << svg;
  EXPECT_TRUE(svg.ends_with("</svg>\n")) << svg;
  for (const char* part : {"16 values", "32 values", ">forward<", ">backward<", ">tanh<",
                           "font-weight=\"bold\">relu<", "font-weight=\"bold\">memory copy<"}) {
    EXPECT_NE(svg.find(part), std::string::npos) << part << " in " << svg;
  }
  EXPECT_EQ(names(folder_.path()), Strings{"bars.svg"}) << "a temporary file was left";
  expect_error(folder_.run({"bench", "activations", "relu", "--n", "16", "--seconds", "0.001", "--json",
                            "--svg", "no/such/folder/bars.svg"}),
               1, {"bars.svg"});
}

TEST_F(BenchActivations, RefusesWrongUsageInOneLine) {
  const auto expect_refused = [&](Strings arguments, const Strings& parts) {
    arguments.insert(arguments.begin(), {"bench", "activations"});
    expect_error(folder_.run(arguments), 2, parts);
  };
  expect_refused({"--n", "0"}, {"--n", "0"});
  expect_refused({"--n", "16,0"}, {"--n", "0"});
  expect_refused({"--n", "many"}, {"--n", "many"});
  expect_refused({"--n", "-5"}, {"--n", "-5"});
  expect_refused({"--n", "99999999999999999999"}, {"--n"});
  expect_refused({"--n"}, {"--n"});
  expect_refused({"rel"}, {"unknown activation 'rel'; did you mean 'relu'?"});
  expect_refused({"--seconds", "nan"}, {"--seconds", "nan"});
  expect_refused({"--seconds", "0"}, {"--seconds", "0"});
  expect_refused({"tanh", "--masks"}, {"--masks", "tanh"});
  expect_refused({"--inplace"}, {"unknown option '--inplace'; did you mean '--in-place'?"});
}

}  // namespace
}  // namespace halfwave
