// What the commands that open data have in common: their options, and how opening is shown.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "halfwave/data/dataset.h"
#include "halfwave/net/spec.h"
#include "halfwave/train/options.h"

namespace halfwave::tool {

// What DATA may be, for --help.
extern const char* const data_help;

struct DataChoice {
  std::string size;    // "64" or "48x64", or empty
  std::string target;  // a table's column
  double test_share = 0;
  std::uint64_t split_seed = 0;
  bool strict = false;
  std::uint64_t cache_megabytes = 0;  // 0: the usual
};

// --size, --test-share, --split-seed, --strict-data, --cache.
void add_data_choice(CLI::App& command, DataChoice& choice);
// All but --size, for commands that have a model.
void add_test_choice(CLI::App& command, DataChoice& choice);

// The size that was asked for; 0 x 0 where none was. UsageError when it is no size.
PictureSize chosen_size(const DataChoice& choice);

DataOptions data_options(const DataChoice& choice);

// As a run has opened its data; of the choice --strict-data and --cache count.
DataOptions data_options_of(const RunConfig& config, const Shape& input, const DataChoice& choice);

// Opens data with a progress bar.
DataPair open_quietly(const std::string& name, DataOptions options);
// The same, and warns on standard error of files that were left out.
DataPair open_shown(const std::string& name, DataOptions options);

// A line on standard error for a file that could not be read while training; after some, silence.
class SkipWarning {
 public:
  void operator()(const std::string& why);
  std::size_t count() const { return count_; }

 private:
  std::size_t count_ = 0;
};

}  // namespace halfwave::tool
