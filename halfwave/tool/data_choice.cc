#include "halfwave/tool/data_choice.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>

#include "halfwave/base/table.h"
#include "halfwave/tool/command.h"
#include "halfwave/tool/progress_bar.h"
#include "halfwave/train/adapt.h"

namespace halfwave::tool {
namespace {

constexpr std::size_t shown_files = 5;
constexpr std::int64_t largest_side = 8192;

// A whole number from 1 to largest_side, or 0.
std::int64_t side_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = code == std::errc() && end == text.data() + text.size();
  return good && value >= 1 && value <= largest_side ? value : 0;
}

// 0 x 0 where none was asked for.
PictureSize chosen_size(const DataChoice& choice) {
  if (choice.size.empty()) return {};
  const std::string_view text = choice.size;
  const std::size_t cross = text.find('x');
  const PictureSize size{.height = side_of(text.substr(0, cross)),
                         .width = side_of(cross == std::string_view::npos ? text : text.substr(cross + 1))};
  if (size.height == 0 || size.width == 0) {
    throw UsageError(
        fmt::format("--size: expected a size as in 64 or 48x64, each side from 1 to {}, got '{}'",
                    largest_side, choice.size));
  }
  return size;
}

}  // namespace

const char* const data_help =
    "fashion-mnist; a folder of pictures in class folders, or with train/ and test/ (or val/); a CSV list of "
    "pictures; a CSV table of numbers and categories; or a folder with idx files (MNIST) or the binary files "
    "of "
    "CIFAR";

void add_test_choice(CLI::App& command, DataChoice& choice) {
  command
      .add_option("--test-share", choice.test_share,
                  "Share of each class for testing, where the data have no test part of their own")
      ->capture_default_str();
  command.add_option("--split-seed", choice.split_seed, "Seed of that choice")
      ->capture_default_str()
      ->check(not_negative());
  command.add_flag("--strict-data", choice.strict,
                   "A damaged or strange file is an error (default: it is left out, and told)");
  command
      .add_option(
          "--cache", choice.cache_megabytes,
          "Keep decoded pictures in memory up to so many MB (default: a quarter of the memory); others "
          "are decoded anew each time")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
}

void add_data_choice(CLI::App& command, DataChoice& choice) {
  command.add_option("--size", choice.size,
                     "Scale and crop pictures to this size, as in 64 or 48x64 (height x width)");
  command.add_option("--target", choice.target,
                     "Of a table: the column to be learned (default: the last one)");
  add_test_choice(command, choice);
}

DataOptions data_options(const DataChoice& choice) {
  if (!(choice.test_share > 0 && choice.test_share < 1))
    throw UsageError(
        fmt::format("--test-share: expected a share between 0 and 1, got {}", choice.test_share));
  const PictureSize size = chosen_size(choice);
  DataOptions options{.height = size.height,
                      .width = size.width,
                      .target = choice.target,
                      .test_share = choice.test_share,
                      .split_seed = choice.split_seed,
                      .strict = choice.strict};
  if (choice.cache_megabytes > 0) options.cache = choice.cache_megabytes << 20;
  return options;
}

DataOptions data_options_for(const Shape& input, const DataChoice& choice) {
  DataOptions options = data_options(choice);
  options.height = input.height;
  options.width = input.width;
  options.channels = input.channels;
  return options;
}

DataOptions data_options_of(const RunConfig& config, const Shape& input, DataChoice choice) {
  choice.target = config.target;
  choice.test_share = config.test_share;
  choice.split_seed = config.split_seed;
  return data_options_for(input, choice);
}

std::string last_name(const std::string& data) {
  const std::filesystem::path path = data;
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

DataPair open_quietly(const std::string& name, DataOptions options) {
  ProgressBar bar;
  options.progress = [&](std::size_t done, std::size_t all) {
    bar.show("reading the data", static_cast<double>(done) / static_cast<double>(all),
             fmt::format("{} of {} files", count_text(done), count_text(all)));
  };
  DataPair data = open_data(name, options);
  bar.clear();
  return data;
}

DataPair open_shown(const std::string& name, DataOptions options) {
  DataPair data = open_quietly(name, std::move(options));
  for (std::size_t i = 0; i < std::min(data.skipped.size(), shown_files); ++i)
    fmt::print(stderr, "warning: left out: {}\n", data.skipped[i]);
  if (data.skipped.size() > shown_files) {
    fmt::print(stderr, "warning: {} files are left out; `halfwave data {}` names them all\n",
               count_text(data.skipped.size()), name);
  }
  return data;
}

DataPair open_for_net(NetSpec& spec, bool is_own, const std::string& data, const DataChoice& choice,
                      const std::optional<TableForm>& form) {
  DataOptions how = data_options(choice);
  how.form = form;
  if (how.height == 0) {
    how.height = spec.input.height;
    how.width = spec.input.width;
  } else {
    spec.input.height = how.height;
    spec.input.width = how.width;
  }
  if (!is_own) how.channels = spec.input.channels;
  DataPair opened = open_shown(data, how);
  if (is_own) spec = adapted(spec, *opened.train);
  return opened;
}

void SkipWarning::operator()(const std::string& why) {
  if (++count_ > shown_files) return;
  fmt::print(stderr, "\nwarning: left out: {}{}\n", why,
             count_ == shown_files ? " (of further ones only the number will be told)" : "");
}

}  // namespace halfwave::tool
