// What the commands that open data have in common: their options, and how opening is shown.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
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
  double test_share = DataOptions{}.test_share;
  std::uint64_t split_seed = DataOptions{}.split_seed;
  bool strict = false;
  std::uint64_t cache_megabytes = 0;  // 0: the usual
};

// --size, --test-share, --split-seed, --strict-data, --cache.
void add_data_choice(CLI::App& command, DataChoice& choice);
// All but --size, for commands that have a model.
void add_test_choice(CLI::App& command, DataChoice& choice);

// UsageError when the size is none, or the share is out of range.
DataOptions data_options(const DataChoice& choice);

// The same with pictures as a net takes them.
DataOptions data_options_for(const Shape& input, const DataChoice& choice = {});

// As a run has opened its data; of the choice --strict-data and --cache count.
DataOptions data_options_of(const RunConfig& config, const Shape& input, DataChoice choice);

// Opens data in the size that the net takes, or that was asked for. One that comes with the tool (is_own) is
// then made to fit them. form: of a table, see DataOptions.
DataPair open_for_net(NetSpec& spec, bool is_own, const std::string& data, const DataChoice& choice,
                      const std::optional<TableForm>& form = {});

// The last part of a path, as a name for what is made of the data: "photos" for "my/photos/".
std::string last_name(const std::string& data);

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
