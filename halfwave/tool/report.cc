// halfwave report RUN [DATA]: everything about a trained net on one page.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "halfwave/base/file.h"
#include "halfwave/tool/command.h"
#include "halfwave/tool/model_data.h"
#include "halfwave/tool/run_page_file.h"
#include "halfwave/train/run_folder.h"

namespace halfwave::tool {
namespace {

struct ReportArguments {
  std::string run;
  std::string data;
  std::string out;
  std::vector<std::string> rules{"sagemaker", "autotrainer"};
  std::vector<std::string> thresholds;
  std::int64_t images = 0;
  bool training = false;
  std::string kernels = "auto";
  int threads = 0;
  DataChoice data_choice;
};

// RUN/report.html, of other data RUN/report-DATA.html; of a model file its name with -report.html, here.
std::filesystem::path page_of(const std::string& run, const std::string& data) {
  std::error_code code;
  const std::filesystem::path path = run;
  if (std::filesystem::is_directory(path, code))
    return path / (data.empty() ? "report.html" : file_name(fmt::format("report-{}.html", last_name(data))));
  return path.stem().string() + "-report.html";
}

void run(const ReportArguments& options) {
  use_threads(options.threads);
  ReportOptions how{.images = options.images};
  usage([&] {
    how.rules.clear();
    for (const std::string& name : options.rules) how.rules.push_back(rule_set_by_name(name));
    for (const std::string& threshold : options.thresholds) set_threshold(how.thresholds, threshold);
    how.kernels = kernels_by_name(options.kernels);
  });
  const Model model = load_model(model_path(options.run));
  const ModelData source = model_data("report", options.run, options.data, model, options.data_choice);
  const auto part = open_part(source, options.training, model);
  const std::filesystem::path file =
      options.out.empty() ? page_of(options.run, options.data) : std::filesystem::path(options.out);
  if (write_run_page(file, options.run, model, part, last_name(source.name), how)) {
    fmt::print("{}: open it in a browser\n", file.string());
  } else {
    fmt::print("stopped; no page was written\n");
  }
}

}  // namespace

void add_report(CLI::App& app) {
  auto* command =
      app.add_subcommand("report", "Make one page of a trained net: how good, what is wrong, pictures");
  auto options = std::make_shared<ReportArguments>();
  command->add_option("RUN", options->run, "Folder of a run (its best model) or a .safetensors file")
      ->required();
  command->add_option("DATA", options->data,
                      "Data, as in `halfwave train` (default: the test images the run was trained with)");
  command->add_option("--out", options->out,
                      "The page (default: RUN/report.html, of other data RUN/report-DATA.html)");
  command->add_option("--rules", options->rules, "Sets of rules, as in `halfwave inspect`")
      ->capture_default_str();
  command->add_option("--threshold", options->thresholds,
                      "Where a rule draws the line, as in `halfwave inspect`");
  command
      ->add_option("--images", options->images,
                   "Look at so many images, drawn from all (default: as many as take seconds)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
  command->add_flag("--training", options->training, "Use the training images instead of the test images");
  add_test_choice(*command, options->data_choice);
  add_threads(*command, options->threads);
  add_kernels(*command, options->kernels);
  command->footer(
      "The page is one HTML file that needs no other and no network: how good the net is and what is wrong\n"
      "with it in a sentence, curves, confusions with pictures, units, gradients, histograms, maps, a "
      "filter\n"
      "that slides, and what repeats it. `halfwave train` makes it at its end.\n"
      "\n"
      "Examples:\n"
      "  halfwave report runs/lenet5-fashion-mnist\n"
      "  halfwave report model.safetensors fashion-mnist --out shoes.html");
  command->callback([options] { run(*options); });
}

}  // namespace halfwave::tool
