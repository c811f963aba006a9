#include "halfwave/tool/run_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <string_view>

#include "halfwave/base/error.h"
#include "halfwave/base/file.h"
#include "halfwave/data/csv.h"
#include "halfwave/train/checkpoint.h"
#include "halfwave/train/run_folder.h"

namespace halfwave::tool {
namespace {

// Of comparison.csv in the folder above, where there is one.
std::optional<Table> comparison_around(const std::filesystem::path& run) {
  static constexpr std::string_view wanted[] = {
      "contestant", "seed", "rate",      "train_loss", "test_accuracy",          "test_r2",
      "zero_share", "dead", "saturated", "off_centre", "gradient_first_by_last", "forward_us",
      "backward_us"};
  const std::filesystem::path folder = std::filesystem::absolute(run).lexically_normal();
  const std::filesystem::path file = folder / ".." / "comparison.csv";
  std::error_code code;
  if (!std::filesystem::exists(file, code)) return {};
  const Csv csv = read_csv(file);
  // Some other table, or one of other runs.
  const std::string name = folder.filename().string();
  const bool is_ours = csv.header.size() > 2 && csv.header[0] == "contestant" && csv.header[1] == "seed" &&
                       std::any_of(csv.rows.begin(), csv.rows.end(), [&](const auto& row) {
                         return file_name(fmt::format("{}-{}", row[0], row[1])) == name;
                       });
  if (!is_ours) return {};
  std::vector<std::size_t> columns;
  std::vector<std::string> head;
  for (std::size_t i = 0; i < csv.header.size(); ++i) {
    if (std::find(std::begin(wanted), std::end(wanted), csv.header[i]) == std::end(wanted)) continue;
    columns.push_back(i);
    head.push_back(csv.header[i]);
    std::replace(head.back().begin(), head.back().end(), '_', ' ');
  }
  Table table(head);
  for (std::size_t i = 1; i < columns.size(); ++i) table.align_right({i});
  for (const auto& row : csv.rows) {
    std::vector<std::string> cells;
    cells.reserve(columns.size());
    for (const std::size_t column : columns) cells.push_back(row[column]);
    table.add(std::move(cells));
  }
  return table;
}

}  // namespace

RunRecord run_record(const std::filesystem::path& run) {
  std::error_code code;
  if (!std::filesystem::is_directory(run, code)) return {};
  const RunFolder folder(run);
  RunRecord record{.config = folder.open()};
  try {
    if (const auto checkpoint = folder.checkpoint(false)) record.history = history_of(*checkpoint);
  } catch (const Error& error) {
    fmt::print(stderr, "warning: what its epochs were is not known: {}\n", error.what());
  }
  try {
    record.comparison = comparison_around(run);
  } catch (const Error& error) {
    fmt::print(stderr, "warning: the comparison it is part of is left out: {}\n", error.what());
  }
  return record;
}

}  // namespace halfwave::tool
