// halfwave data DATA: what is in it, what is wrong with it, and how it looks.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "halfwave/base/file.h"
#include "halfwave/base/table.h"
#include "halfwave/data/examine.h"
#include "halfwave/data/normalisation.h"
#include "halfwave/data/png.h"
#include "halfwave/report/sheet.h"
#include "halfwave/tool/command.h"
#include "halfwave/tool/data_choice.h"

namespace halfwave::tool {
namespace {

constexpr std::size_t shown_duplicates = 10;

struct DataArguments {
  std::string data;
  std::string augment;
  std::string sheet;
  std::uint64_t seed = 1;
  bool json = false;
  DataChoice data_choice;
};

std::string text(const PictureSize& size) { return fmt::format("{}x{}", size.height, size.width); }

void print_classes(const DataPair& data) {
  const std::vector<std::size_t> train = count_labels(*data.train);
  const std::vector<std::size_t> test = count_labels(*data.test);
  Table table({"class", "training", "testing"});
  table.align_right({1, 2});
  for (std::size_t c = 0; c < train.size(); ++c)
    table.add({data.train->classes()[c], count_text(train[c]), count_text(test[c])});
  table.add_rule();
  table.add({"all", count_text(data.train->size()), count_text(data.test->size())});
  fmt::print("{}", table.text());
}

void print_columns(const TableForm& form) {
  Table table({"column", "holds", "values"});
  table.align_right({2});
  for (const TableColumn& column : form.columns) {
    table.add(
        {column.name,
         fmt::format("{}{}",
                     column.is_number() ? "numbers" : fmt::format("{} categories", column.categories.size()),
                     column.marks_missing ? ", some missing" : ""),
         fmt::format("{}", column.values())});
  }
  fmt::print("{}\n", table.text());
}

void print_numbers(const DataPair& data) {
  const Normalisation target = measure_target(*data.train);
  fmt::print("{} rows for training, {} for testing; '{}' is {:.4g} on average, with a deviation of {:.4g}\n",
             count_text(data.train->size()), count_text(data.test->size()), data.train->table()->target,
             target.mean[0], target.deviation[0]);
}

void print_text(const DataPair& data, const std::vector<Duplicate>& duplicates) {
  fmt::print("{}: {}, read as {}\n", data.name, data.kind, to_string(data.train->shape()));
  if (data.sizes) {
    const PictureSizes& sizes = *data.sizes;
    fmt::print("height x width: {} at least, {} in the middle, {} at most; {} in colour, {} grey\n",
               text(sizes.least), text(sizes.middle), text(sizes.most), count_text(sizes.colour),
               count_text(sizes.grey));
  }
  fmt::print("\n");
  if (data.train->table() != nullptr) print_columns(*data.train->table());
  if (data.train->is_regression()) {
    print_numbers(data);
  } else {
    print_classes(data);
  }
  for (const std::string& note : data.notes) fmt::print("\nnote: {}", note);
  const bool table = data.train->table() != nullptr;
  fmt::print("\n{} left out: {}\n", table ? "rows" : "files", count_text(data.skipped.size()));
  for (const std::string& skipped : data.skipped) fmt::print("  {}\n", skipped);
  fmt::print("{} for testing that are also among those for training: {}{}\n", table ? "rows" : "pictures",
             count_text(duplicates.size()), duplicates.empty() ? "" : "; the test is too kind by as much");
  for (std::size_t i = 0; i < std::min(duplicates.size(), shown_duplicates); ++i)
    fmt::print("  {} is {}\n", data.test->name(duplicates[i].test), data.train->name(duplicates[i].train));
  if (duplicates.size() > shown_duplicates) fmt::print("  and so on\n");
}

void print_json(const DataPair& data, const std::vector<Duplicate>& duplicates) {
  const std::vector<std::size_t> train = count_labels(*data.train);
  const std::vector<std::size_t> test = count_labels(*data.test);
  const Shape shape = data.train->shape();
  nlohmann::ordered_json json{{"data", data.name},
                              {"kind", data.kind},
                              {"shape", {shape.height, shape.width, shape.channels}},
                              {"training", data.train->size()},
                              {"testing", data.test->size()}};
  for (std::size_t c = 0; c < train.size(); ++c)
    json["classes"].push_back(
        {{"name", data.train->classes()[c]}, {"training", train[c]}, {"testing", test[c]}});
  if (data.sizes) {
    const auto pair = [](const PictureSize& size) { return nlohmann::ordered_json{size.height, size.width}; };
    json["sizes"] = {{"least", pair(data.sizes->least)},
                     {"middle", pair(data.sizes->middle)},
                     {"most", pair(data.sizes->most)},
                     {"colour", data.sizes->colour},
                     {"grey", data.sizes->grey}};
  }
  json["notes"] = data.notes;
  json["left_out"] = data.skipped;
  json["duplicates"] = nlohmann::ordered_json::array();
  for (const Duplicate& each : duplicates)
    json["duplicates"].push_back({data.test->name(each.test), data.train->name(each.train)});
  fmt::print("{}\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

// photos-sheet.png, in the folder where the tool runs.
std::string sheet_name(const DataArguments& options) {
  if (!options.sheet.empty()) return options.sheet;
  std::string stem = std::filesystem::path(last_name(options.data)).stem().string();
  if (stem.empty() || stem == "." || stem == "..") stem = "data";
  return stem + "-sheet.png";
}

void run(const DataArguments& options) {
  const Augmentation augmentation = usage([&] { return parse_augmentation(options.augment); });
  const DataPair data = open_quietly(options.data, data_options(options.data_choice));
  const std::vector<Duplicate> duplicates = find_duplicates(*data.train, *data.test);
  if (options.json) {
    print_json(data, duplicates);
  } else {
    print_text(data, duplicates);
  }
  if (options.sheet == "none" || data.train->table() != nullptr) return;
  const SheetOptions sheet{.augmentation = augmentation, .seed = options.seed};
  const std::string file = sheet_name(options);
  write_file(file, encode_png(example_sheet(*data.train, sheet)));
  if (options.json) return;
  const std::size_t rows = std::min(sheet.rows, data.train->classes().size());
  fmt::print("{} shows {} of {}, a row a class in the order above\n", file,
             augmentation.changes_pictures() ? "one picture as it is and changed as in training"
                                             : "the first pictures",
             rows == data.train->classes().size() ? std::string("each class")
                                                  : fmt::format("the first {} classes", rows));
}

}  // namespace

void add_data(CLI::App& app) {
  auto* command =
      app.add_subcommand("data", "Examine data: classes, sizes, damaged files, duplicates, a sheet");
  auto options = std::make_shared<DataArguments>();
  command->add_option("DATA", options->data, data_help)->required();
  command->add_option("--augment", options->augment,
                      "Draw changed copies, as `halfwave train --augment` makes them: flip,crop=4 and so on");
  command->add_option("--seed", options->seed, "Seed of the changes")
      ->capture_default_str()
      ->check(not_negative());
  command->add_option("--sheet", options->sheet,
                      "Where to draw examples (default: NAME-sheet.png here; none: nowhere)");
  command->add_flag("--json", options->json, "Print one JSON object");
  add_data_choice(*command, options->data_choice);
  command->footer(
      "Examples:\n"
      "  halfwave data photos\n"
      "  halfwave data photos --size 64 --augment flip,crop=4,jitter=0.2 --sheet changed.png\n"
      "  halfwave data fashion-mnist --sheet none --json\n"
      "Changes for --augment, with commas between them:\n" +
      augmentation_help());
  command->callback([options] { run(*options); });
}

}  // namespace halfwave::tool
