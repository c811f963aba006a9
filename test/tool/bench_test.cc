// halfwave bench: one JSON object, or a table. How fast it is, is not tested.
#include <cstdlib>
#include <nlohmann/json.hpp>

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
                           "normed, batch 8, 2 threads: ", "images/s, peak memory"}) {
    EXPECT_NE(result.out.find(part), std::string::npos) << part << " in " << result.out;
  }
}

TEST_F(Bench, TakesData) {
  write_data(folder_ / "data", 1, 40, 10);
  EXPECT_NE(bench({"train", "net.toml", "--data", "data"}).out.find("normed, batch 8"), std::string::npos);
  expect_error(folder_.run({"bench", "infer", "lenet5", "--data", "data"}), 1, {"28x28x1", "12x12x1"});
  expect_error(folder_.run({"bench", "infer", "lenet5", "--data", "nowhere"}), 1, {"data 'nowhere'"});
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

}  // namespace
}  // namespace halfwave
