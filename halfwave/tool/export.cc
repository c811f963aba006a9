// halfwave export DATA FOLDER: some of a data set's pictures as PNG files, to look at or to predict.
#include <fmt/format.h>

#include "halfwave/base/file.h"
#include "halfwave/data/dataset.h"
#include "halfwave/data/png.h"
#include "halfwave/tool/command.h"
#include "halfwave/tool/data_choice.h"

namespace halfwave::tool {
namespace {

struct ExportArguments {
  std::string data;
  std::string folder;
  std::size_t count = 10;
  DataChoice data_choice;
};

void run(const ExportArguments& options) {
  const DataPair data = open_shown(options.data, data_options(options.data_choice));
  const Dataset& test = *data.test;
  const Shape shape = test.shape();
  if (shape.channels != 1 && shape.channels != 3) {
    fail("{}: its images have {} channels; only grey (1) and colour (3) can be written as pictures",
         data.name, shape.channels);
  }
  make_folder(options.folder);
  Image image{shape.height, shape.width, shape.channels, std::vector<std::uint8_t>(shape.size())};
  std::vector<float> values(shape.size());
  const std::size_t count = std::min(options.count, test.size());
  for (std::size_t i = 0; i < count; ++i) {
    test.get(i, values.data());
    to_bytes(values.data(), values.size(), image.pixels.data());
    std::string name = test.classes()[static_cast<std::size_t>(test.label(i))];
    for (char& c : name) {
      if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '-';
    }
    write_file(std::filesystem::path(options.folder) / fmt::format("{:05}-{}.png", i, name),
               encode_png(image));
  }
  fmt::print("{} pictures written to {}\n", count, options.folder);
}

}  // namespace

void add_export(CLI::App& app) {
  auto* command = app.add_subcommand("export", "Write test pictures of a data set as PNG files");
  auto options = std::make_shared<ExportArguments>();
  command->add_option("DATA", options->data, data_help)->required();
  command->add_option("FOLDER", options->folder, "Where to; made if missing")->required();
  command->add_option("--count", options->count, "How many, from the first on")
      ->capture_default_str()
      ->check(not_negative());
  add_data_choice(*command, options->data_choice);
  command->footer("Example:\n  halfwave export fashion-mnist pictures --count 8");
  command->callback([options] { run(*options); });
}

}  // namespace halfwave::tool
