// halfwave evaluate RUN [DATA]: accuracy, loss, each class, and what is taken for what.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "halfwave/base/table.h"
#include "halfwave/tool/command.h"
#include "halfwave/tool/model_data.h"
#include "halfwave/tool/progress_bar.h"
#include "halfwave/train/evaluation.h"
#include "halfwave/train/run_folder.h"

namespace halfwave::tool {
namespace {

constexpr std::int64_t batch = 64;

struct EvaluateArguments {
  std::string run;
  std::string data;
  bool json = false;
  bool csv = false;
  bool training = false;
  std::string kernels = "auto";
  int threads = 0;
  DataChoice data_choice;
};

void print_json(const Evaluation& e, const std::vector<std::string>& classes, const std::string& data) {
  nlohmann::ordered_json json{
      {"data", data}, {"images", e.sum.images}, {"accuracy", e.sum.accuracy()}, {"loss", e.sum.mean_loss()}};
  for (std::size_t c = 0; c < classes.size(); ++c) {
    json["classes"].push_back({{"name", classes[c]},
                               {"images", e.images(c)},
                               {"recall", e.recall(c)},
                               {"precision", e.precision(c)}});
  }
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const auto row = e.confusion.begin() + static_cast<std::ptrdiff_t>(c * classes.size());
    json["confusion"].push_back(
        std::vector<std::int64_t>(row, row + static_cast<std::ptrdiff_t>(classes.size())));
  }
  fmt::print("{}\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

// A row a class, then one of all images, whose recall and precision are the accuracy.
void print_csv(const Evaluation& e, const std::vector<std::string>& classes) {
  fmt::print("class,images,recall,precision,loss");
  for (const std::string& name : classes) fmt::print(",{}", csv_cell("as " + name));
  fmt::print("\n");
  std::vector<std::int64_t> predicted(classes.size(), 0);
  for (std::size_t c = 0; c < classes.size(); ++c) {
    fmt::print("{},{},{:.6f},{:.6f},", csv_cell(classes[c]), e.images(c), e.recall(c), e.precision(c));
    for (std::size_t p = 0; p < classes.size(); ++p) {
      fmt::print(",{}", e.count(c, p));
      predicted[p] += e.count(c, p);
    }
    fmt::print("\n");
  }
  fmt::print("all,{0},{1:.6f},{1:.6f},{2:.6f},{3}\n", e.sum.images, e.sum.accuracy(), e.sum.mean_loss(),
             fmt::join(predicted, ","));
}

void print_tables(const Evaluation& e, const std::vector<std::string>& classes, const std::string& data) {
  fmt::print("{} images of {}: accuracy {:.2f} %, loss {:.4f}\n\n",
             count_text(static_cast<std::size_t>(e.sum.images)), data, e.sum.accuracy() * 100,
             e.sum.mean_loss());
  constexpr std::size_t most_columns = 30;
  std::vector<std::string> head{"class", "images", "found (recall)", "right (precision)"};
  const bool matrix = classes.size() <= most_columns;
  for (std::size_t c = 0; matrix && c < classes.size(); ++c) head.push_back(fmt::format("as {}", c));
  Table table(head);
  for (std::size_t i = 1; i < head.size(); ++i) table.align_right({i});
  for (std::size_t c = 0; c < classes.size(); ++c) {
    std::vector<std::string> row{matrix ? fmt::format("{} {}", c, classes[c]) : classes[c],
                                 count_text(static_cast<std::size_t>(e.images(c))),
                                 fmt::format("{:.1f} %", e.recall(c) * 100),
                                 fmt::format("{:.1f} %", e.precision(c) * 100)};
    for (std::size_t p = 0; matrix && p < classes.size(); ++p) {
      row.push_back(e.count(c, p) == 0 ? "." : fmt::format("{}", e.count(c, p)));
    }
    table.add(row);
  }
  fmt::print("{}", table.text());
  if (matrix)
    fmt::print("\nA row is a true class; \"as 6\" counts its pictures that were taken for class 6.\n");
}

// Of a number that was learned.
void print_distances(const Evaluation& e, const TableForm& form, const std::string& data,
                     const EvaluateArguments& options) {
  const auto& [rmse, mae, r2] = *e.distances;
  if (options.json) {
    const nlohmann::ordered_json json{
        {"data", data}, {"rows", e.sum.images},     {"target", form.target}, {"rmse", rmse}, {"mae", mae},
        {"r2", r2},     {"loss", e.sum.mean_loss()}};
    fmt::print("{}\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  } else if (options.csv) {
    fmt::print("rows,rmse,mae,r2,loss\n{},{:.6g},{:.6g},{:.6f},{:.6f}\n", e.sum.images, rmse, mae, r2,
               e.sum.mean_loss());
  } else {
    fmt::print(
        "{} rows of {}: '{}' is missed by {:.4g} (root mean square, RMSE) and {:.4g} (mean, MAE); R2 {:.4f}\n"
        "R2 is the share of the variance that is explained: 1 is perfect, 0 no better than always the "
        "mean.\n",
        count_text(static_cast<std::size_t>(e.sum.images)), data, form.target, rmse, mae, r2);
  }
}

void run(const EvaluateArguments& options) {
  use_threads(options.threads);
  const KernelChoice kernels = usage([&] { return kernels_by_name(options.kernels); });
  const std::filesystem::path path = model_path(options.run);
  const Model model = load_model(path);
  const ModelData source = model_data("evaluate", options.run, options.data, model, options.data_choice);
  const auto part = open_part(source, options.training, model);
  if (part->classes() != model.info.classes && !options.json && !options.csv) {
    fmt::print(stderr,
               "warning: the data name their classes otherwise than the model does; counted by number\n");
  }
  Inference inference(model.net, batch, kernels);
  ProgressBar bar;
  SkipWarning skip;
  const Evaluation result =
      evaluate(model.net, inference, part, model.info,
               {.on_batch =
                    [&](std::size_t done) {
                      bar.show("evaluating", static_cast<double>(done) / static_cast<double>(part->size()),
                               fmt::format("{} images", done));
                      return true;
                    },
                .on_skip = [&](const std::string& why) { skip(why); }});
  bar.clear();
  if (!std::isfinite(result.sum.loss)) {
    fmt::print(stderr, "warning: the loss is not finite: the model is broken, or the data are not for it\n");
  }
  if (result.distances) {
    print_distances(result, *model.info.table, source.name, options);
  } else if (options.json) {
    print_json(result, model.info.classes, source.name);
  } else if (options.csv) {
    print_csv(result, model.info.classes);
  } else {
    print_tables(result, model.info.classes, source.name);
  }
}

}  // namespace

void add_evaluate(CLI::App& app) {
  auto* command =
      app.add_subcommand("evaluate", "Measure a trained net: accuracy, loss, classes, confusions");
  auto options = std::make_shared<EvaluateArguments>();
  command->add_option("RUN", options->run, "Folder of a run (its best model) or a .safetensors file")
      ->required();
  command->add_option("DATA", options->data,
                      "Data, as in `halfwave train` (default: the test images the run was trained with)");
  command->add_flag("--training", options->training, "Use the training images instead of the test images");
  auto* json = command->add_flag("--json", options->json, "Print one JSON object");
  command
      ->add_flag("--csv", options->csv,
                 "Print one CSV row a class, with the confusions, and one of all images")
      ->excludes(json);
  add_test_choice(*command, options->data_choice);
  add_threads(*command, options->threads);
  add_kernels(*command, options->kernels);
  command->footer(
      "Examples:\n"
      "  halfwave evaluate runs/lenet5-fashion-mnist\n"
      "  halfwave evaluate model.safetensors fashion-mnist --json");
  command->callback([options] { run(*options); });
}

}  // namespace halfwave::tool
