// halfwave maps RUN PICTURE: the filters of a net, and what each makes of a picture.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "halfwave/base/file.h"
#include "halfwave/data/fit.h"
#include "halfwave/data/subset.h"
#include "halfwave/report/html.h"
#include "halfwave/report/run_report.h"
#include "halfwave/report/slide.h"
#include "halfwave/tool/command.h"
#include "halfwave/tool/model_data.h"
#include "halfwave/train/predictor.h"
#include "halfwave/train/run_folder.h"

namespace halfwave::tool {
namespace {

// That are looked at to tell which units are dead.
constexpr std::size_t inspected_images = 500;

struct MapsArguments {
  std::string run;
  std::string picture;
  std::string out;
  std::string slide;
  int threads = 0;
  DataChoice data_choice;
};

// Of the run's test images; nothing where the data are not there any more, which is told.
Inspection inspection_of(const MapsArguments& options, const Model& model) {
  std::error_code code;
  if (!std::filesystem::is_directory(options.run, code)) return {};
  try {
    const ModelData source = model_data("maps", options.run, {}, model, options.data_choice);
    return inspect(model.net, some_of(open_part(source, false, model), inspected_images), model.info,
                   {.gradient_batches = 0});
  } catch (const Error& error) {
    fmt::print(stderr, "warning: dead units are not marked: {}\n", error.what());
    return {};
  }
}

struct FilterChoice {
  std::size_t layer = 0, unit = 0;
};

// "conv1" or "conv1:3".
FilterChoice filter_of(const std::string& text, const std::vector<ShownLayer>& layers) {
  const std::string name = text.substr(0, text.rfind(':'));
  std::string known;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerMaps& maps = layers[i].maps;
    if (maps.filters.empty()) continue;
    known += (known.empty() ? "" : ", ") + maps.name;
    if (maps.name != name) continue;
    if (name.size() == text.size()) return {i, liveliest_unit(maps)};
    std::size_t unit = 0;
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data() + name.size() + 1, end, unit);
    if (error != std::errc{} || at != end || unit >= static_cast<std::size_t>(maps.after.shape.channels))
      fail("--slide {}: expected a filter of {} from 0 to {}, as in --slide {}:0", text, name,
           maps.after.shape.channels - 1, name);
    return {i, unit};
  }
  fail("--slide {}: expected a layer with filters ({}), as in --slide conv1 or --slide conv1:3", text,
       known.empty() ? "this net has none" : known);
}

// "Ankle boot 98.1 %"; of a broken model, whose maps show where, that it is.
std::string named(const Model& model, const Image& picture) {
  try {
    const std::vector<float> shares = Predictor(model).predict(picture);
    const auto best = std::max_element(shares.begin(), shares.end());
    return fmt::format("{} {:.1f} %", model.info.classes[static_cast<std::size_t>(best - shares.begin())],
                       *best * 100);
  } catch (const Error& error) {
    return error.what();
  }
}

void run(const MapsArguments& options) {
  use_threads(options.threads);
  const Model model = load_model(model_path(options.run));
  const Shape& input = model.net.input();
  if (model.info.table || (input.channels != 1 && input.channels != 3))
    fail("{} takes no pictures: maps can be drawn of nets that do", options.run);
  const Image picture = fit(read_image(options.picture, {input.height, input.width}), input);
  const std::vector<ShownLayer> layers = maps_of(model, picture, inspection_of(options, model), {});
  const std::string said = fmt::format("{}: {}", std::filesystem::path(options.picture).filename().string(),
                                       named(model, picture));
  const std::string title = fmt::format("{}, {}", model.net.spec().name, said);
  const std::string stem = std::filesystem::path(options.picture).stem().string();
  if (options.slide.empty()) {
    const std::filesystem::path file = options.out.empty() ? stem + "-maps.svg" : options.out;
    write_file(file, map_sheet_svg(picture, layers, title));
    fmt::print("{}: the maps of {} layers ({})\n", file.string(), layers.size(), said);
    return;
  }
  const FilterChoice filter = usage([&] { return filter_of(options.slide, layers); });
  const LayerMaps& maps = layers[filter.layer].maps;
  const std::filesystem::path file =
      options.out.empty() ? file_name(fmt::format("{}-{}-{}.html", stem, maps.name, filter.unit))
                          : options.out;
  write_file(file, html_page(title, fmt::format("Filter {} of {}, place by place.", filter.unit, maps.name),
                             slide_html(maps, filter.unit)));
  fmt::print("{}: filter {} of {}, to be opened in a browser ({})\n", file.string(), filter.unit, maps.name,
             said);
}

}  // namespace

void add_maps(CLI::App& app) {
  auto* command =
      app.add_subcommand("maps", "Draw the filters of a net and the maps that they make of a picture");
  auto options = std::make_shared<MapsArguments>();
  command->add_option("RUN", options->run, "Folder of a run (its best model) or a .safetensors file")
      ->required();
  command->add_option("PICTURE", options->picture, "A picture file of any size")->required();
  command->add_option(
      "--slide", options->slide,
      "In place of the sheet: a page on which this filter slides over its input, as in conv1:3");
  command->add_option("--out", options->out,
                      "File to write (default: PICTURE-maps.svg, PICTURE-conv1-3.html)");
  add_test_choice(*command, options->data_choice);
  add_threads(*command, options->threads);
  command->footer(
      "The sheet is an SVG picture, for browsers: of each unit its filter (a square for each input channel, "
      "of\n"
      "many the 16 largest) and its maps before and after the activation; white is 0, red above, blue "
      "below.\n"
      "Units that give only 0 for this picture have a dark frame; those that are dead on the run's test\n"
      "images are crossed out in red.\n"
      "\n"
      "Examples:\n"
      "  halfwave maps runs/lenet5-fashion-mnist shoe.png\n"
      "  halfwave maps model.safetensors shoe.png --out shoe.svg\n"
      "  halfwave maps runs/lenet5-fashion-mnist shoe.png --slide conv1:3");
  command->callback([options] { run(*options); });
}

}  // namespace halfwave::tool
