#include "halfwave/train/options.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/error_message.h"

namespace halfwave {
namespace {

TEST(Options, ConfigComesBackAsItWas) {
  RunConfig config{.net = "name = \"a\"\nlayers = []\n", .data = "some 'data' \"here\"", .train = {}};
  config.train.epochs = 7;
  config.train.rate = 0.1 + 0.2;
  config.train.optimiser = OptimiserKind::adam;
  config.train.schedule = ScheduleKind::step;
  config.train.nesterov = false;
  config.train.resolve();
  const RunConfig back = parse_config(to_toml(config), "test");
  EXPECT_EQ(back.net, config.net);
  EXPECT_EQ(back.data, config.data);
  EXPECT_EQ(back.train.rate, config.train.rate);
  EXPECT_EQ(to_toml(back), to_toml(config));
}

TEST(Options, WrongConfigsAreRefusedWithTheirPlace) {
  const std::string good = to_toml(RunConfig{.net = "n", .data = "d", .train = {.rate = 0.1}});
  const auto refused = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return message([&] { parse_config(text, "config.toml"); });
  };
  EXPECT_EQ(refused("epochs", "epoch"),
            "config.toml, line 9: unknown option 'epoch'; did you mean 'epochs'?");
  EXPECT_EQ(refused("batch = 64", "batch = \"x\""), "config.toml, line 10: 'batch': expected a whole number");
  EXPECT_EQ(refused("batch = 64", "batch = 0"), "config.toml: batch: expected 1 to 65536, got 0");
  EXPECT_EQ(refused("\"sgd\"", "\"sgdd\""),
            "config.toml, line 14: unknown optimiser 'sgdd'; did you mean 'sgd'? (known: sgd, adam, adamw, "
            "rmsprop)");
  EXPECT_EQ(refused("\nseed = 1", "\nseed = -1"), "config.toml, line 12: 'seed': expected 0 or more, got -1");
  EXPECT_EQ(refused("split_seed = 1", "split_seed = -1"),
            "config.toml, line 5: 'split_seed': expected 0 or more, got -1");
  EXPECT_EQ(refused("test_share = 0.2", "test_share = 1.0"),
            "config.toml: 'test_share': expected a share between 0 and 1, got 1");
  EXPECT_EQ(refused("net =", "nets ="), "config.toml, line 6: unknown key 'nets'; did you mean 'net'?");
  EXPECT_EQ(refused("[train]", "[trains]"),
            "config.toml, line 8: unknown key 'trains'; did you mean 'train'?");
  EXPECT_EQ(message([] { parse_config("data = 'd'", "config.toml"); }),
            "config.toml: 'net' is missing: expected a text");
  EXPECT_EQ(message([] { parse_config("data = 'd'\nnet = 'n'", "config.toml"); }),
            "config.toml: the table [train] is missing");
  EXPECT_NE(refused("[train]", "[train").find("config.toml, line 8: "), std::string::npos);
}

// Whatever a user may call things.
TEST(Options, AnyTextComesBackAsItWas) {
  for (const char* const text : {"", "'''", "a'''b\n", "\"\\", "line\nbreak", "tab\t, bell\a, \x7F",
                                 "\xC3\xA4\xF0\x9F\x98\x80\n", "ends in '\n'", "'"}) {
    const RunConfig back =
        parse_config(to_toml(RunConfig{.net = text, .data = text, .train = {.rate = 0.1}}), "test");
    EXPECT_EQ(back.net, text);
    EXPECT_EQ(back.data, text);
  }
}

TEST(Options, HostileConfigsAreRefused) {
  const auto refused = [](const std::string& text) {
    return message([&] { parse_config(text, "config.toml"); });
  };
  std::string dotted = "a";
  for (int i = 0; i < 200'000; ++i) dotted += ".a";
  EXPECT_EQ(refused(dotted + " = 1"), "config.toml: nested too deeply");
  EXPECT_EQ(refused("[" + dotted + "]"), "config.toml: nested too deeply");
  EXPECT_EQ(refused("a = " + std::string(100'000, '[')), "config.toml: nested too deeply");
  EXPECT_NE(refused("a = \"" + std::string(100'000, '[')).find("config.toml, line 1: "), std::string::npos);
  EXPECT_NE(refused("a = '\xFF'").find("config.toml, line 1: "), std::string::npos);
}

TEST(Options, ValuesOutOfRangeAreRefused) {
  const auto refused = [](TrainOptions options) { return message([&] { options.resolve(); }); };
  EXPECT_EQ(refused({.epochs = 0}), "epochs: expected 1 to 1000000, got 0");
  EXPECT_EQ(refused({.seed = std::uint64_t{1} << 63U}),
            "seed: expected 0 to 9223372036854775807, got 9223372036854775808");
  EXPECT_EQ(refused({.rate = -1}), "rate: expected a number above 0, at most 1000, got -1");
  EXPECT_EQ(refused({.rate = std::numeric_limits<double>::quiet_NaN()}),
            "rate: expected a number above 0, at most 1000, got nan");
  EXPECT_EQ(refused({.momentum = 1}), "momentum: expected 0 to below 1, got 1");
  EXPECT_EQ(refused({.warm_up = 1.5}), "warm_up: expected 0 to 1, got 1.5");
  EXPECT_EQ(refused({.alpha = 1}), "alpha: expected 0 to below 1, got 1");
  EXPECT_EQ(refused({.weight_decay = -0.5}), "weight_decay: expected 0 to 1, got -0.5");
  EXPECT_EQ(refused({.clip_norm = -1}), "clip_norm: expected 0 or more, got -1");
  EXPECT_EQ(refused({.label_smoothing = 1}), "label_smoothing: expected 0 to below 1, got 1");
  EXPECT_EQ(refused({.huber_delta = 0}), "huber_delta: expected a number above 0, got 0");
  EXPECT_EQ(refused({.average = 1}), "average: expected 0 to below 1, got 1");
  EXPECT_EQ(refused({.patience = -1}), "patience: expected 0 or more, got -1");
  EXPECT_EQ(refused({.revive = -1}), "revive: expected 0 or more, got -1");
  EXPECT_EQ(refused({.augment = "crop=x"}),
            "augment: 'crop' expects a whole number from 0 to 1000, as in crop=4, got 'x'");
}

TEST(Options, WhatIsLeftOpenFollowsTheOptimiserAndTheSchedule) {
  TrainOptions sgd;
  sgd.resolve();
  EXPECT_EQ(sgd.rate, 0.05);
  TrainOptions adam{.optimiser = OptimiserKind::adam};
  adam.resolve();
  EXPECT_EQ(adam.rate, 0.001);
  EXPECT_EQ(sgd.momentum, 0.9);
  EXPECT_EQ(sgd.weight_decay, 5e-4);
  EXPECT_EQ(sgd.warm_up, 0.05);
  TrainOptions other{.optimiser = OptimiserKind::adamw, .schedule = ScheduleKind::one_cycle};
  other.resolve();
  EXPECT_EQ(other.weight_decay, 0.01);
  EXPECT_EQ(other.warm_up, 0.3);
  TrainOptions rmsprop{.optimiser = OptimiserKind::rmsprop};
  rmsprop.resolve();
  EXPECT_EQ(rmsprop.momentum, 0);
}

}  // namespace
}  // namespace halfwave
