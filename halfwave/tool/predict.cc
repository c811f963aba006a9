// halfwave predict RUN PICTURE...: names what is in pictures.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>
#include <system_error>

#include "halfwave/tool/command.h"
#include "halfwave/train/predictor.h"
#include "halfwave/train/run_folder.h"

namespace halfwave::tool {
namespace {

struct PredictArguments {
  std::string run;
  std::vector<std::string> pictures;
  std::size_t top = 3;
  bool json = false;
  std::string kernels = "auto";
  int threads = 0;
};

// Folders give the pictures in them, in order of name; others are taken as they are.
std::vector<std::string> all_files(const std::vector<std::string>& names) {
  std::vector<std::string> files;
  for (const std::string& name : names) {
    std::error_code code;
    if (name == "-" || !std::filesystem::is_directory(name, code)) {
      files.push_back(name);
      continue;
    }
    std::vector<std::string> found;
    std::filesystem::directory_iterator folder(name, code);
    if (code) fail("cannot read the folder {}: {}", name, code.message());
    for (const auto& entry : folder) {
      if (entry.is_regular_file(code) && is_picture_file(entry.path()))
        found.push_back(entry.path().string());
    }
    if (found.empty()) fail("the folder {} holds no picture", name);
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

// Standard input is read as it is: opening /dev/stdin fails where it is a socket.
std::string read_standard_input() {
  std::string bytes;
  std::array<char, 1 << 16> block;
  for (;;) {
    const std::size_t count = std::fread(block.data(), 1, block.size(), stdin);
    bytes.append(block.data(), count);
    if (bytes.size() > picture_file_limit)
      fail("standard input: expected a picture of at most {} bytes", picture_file_limit);
    if (count < block.size()) break;
  }
  if (std::ferror(stdin) != 0) fail("cannot read standard input: {}", std::generic_category().message(errno));
  return bytes;
}

// Decoded as for training.
Image read_picture(const std::string& name, const Shape& input) {
  const PictureSize target{input.height, input.width};
  if (name != "-") return read_image(name, target);
  return decode_image(read_standard_input(), "standard input", target);
}

void print(const std::string& name, const std::vector<float>& shares, const std::vector<std::string>& classes,
           const PredictArguments& options) {
  std::vector<std::size_t> order(shares.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return shares[a] > shares[b]; });
  order.resize(std::min(order.size(), options.top));
  if (options.json) {
    nlohmann::ordered_json json{{"picture", name}};
    for (const std::size_t c : order) json["classes"].push_back({{"name", classes[c]}, {"share", shares[c]}});
    fmt::print("{}\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return;
  }
  std::string line = name + ": ";
  for (const std::size_t c : order)
    line += fmt::format("{}{} {:.1f} %", c == order.front() ? "" : ", ", classes[c], shares[c] * 100);
  fmt::print("{}\n", line);
}

// Each row of the tables: the number, or the classes.
void predict_tables(const PredictArguments& options, const Model& model, const Predictor& predictor) {
  const TableForm& form = *model.info.table;
  std::vector<float> values(form.values());
  std::vector<float> shares(model.net.output().size());
  for (const std::string& file : options.pictures) {
    const Csv csv = read_csv(file);
    const TablePlaces places = find_places(form, csv, false);
    for (std::size_t row = 0; row < csv.rows.size(); ++row) {
      encode_row(form, places, csv, row, values.data());
      predictor.predict_row(values, shares);
      const std::string name = fmt::format("{}, line {}", csv.file, csv.lines[row]);
      if (!form.regression) {
        print(name, shares, model.info.classes, options);
      } else if (options.json) {
        const nlohmann::ordered_json json{{"row", name}, {form.target, shares[0]}};
        fmt::print("{}\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
      } else {
        fmt::print("{}: {} {:.6g}\n", name, form.target, shares[0]);
      }
    }
  }
}

void run(const PredictArguments& options) {
  use_threads(options.threads);
  const KernelChoice kernels = usage([&] { return kernels_by_name(options.kernels); });
  const Model model = load_model(model_path(options.run));
  const Predictor predictor(model, kernels);
  if (model.info.table) {
    predict_tables(options, model, predictor);
    return;
  }
  const std::vector<std::string> files = all_files(options.pictures);
  std::size_t bad = 0;
  for (const std::string& name : files) {
    try {
      print(name, predictor.predict(read_picture(name, model.net.input())), model.info.classes, options);
    } catch (const Error& error) {
      if (files.size() == 1) throw;
      ++bad;
      fmt::print(stderr, "halfwave: {}\n", error.what());
    }
  }
  if (bad > 0) fail("{} of {} pictures could not be read", bad, files.size());
}

}  // namespace

void add_predict(CLI::App& app) {
  auto* command = app.add_subcommand(
      "predict", "Name what is in pictures (JPEG, PNG, WebP, GIF, BMP, PGM, PPM of any size)");
  auto options = std::make_shared<PredictArguments>();
  command->add_option("RUN", options->run, "Folder of a run (its best model) or a .safetensors file")
      ->required();
  command
      ->add_option("PICTURE", options->pictures,
                   "Files, folders, or - for standard input; for a model of a table: tables")
      ->required();
  command->add_option("--top", options->top, "How many classes to name")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  command->add_flag("--json", options->json, "Print one JSON object a picture");
  add_threads(*command, options->threads);
  add_kernels(*command, options->kernels);
  command->footer(
      "Examples:\n"
      "  halfwave predict runs/lenet5-fashion-mnist shoe.jpg shirt.png\n"
      "  halfwave predict model.safetensors pictures/ --json\n"
      "  halfwave predict runs/mlp-houses new-houses.csv\n"
      "  cat shoe.jpg | halfwave predict runs/lenet5-fashion-mnist -\n"
      "A picture is scaled and cropped around its centre to the size the net takes; colour becomes grey if "
      "need be.\n"
      "Nets for MNIST and Fashion-MNIST expect bright things on black.");
  command->callback([options] { run(*options); });
}

}  // namespace halfwave::tool
