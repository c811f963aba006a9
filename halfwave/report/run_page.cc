#include "halfwave/report/run_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "halfwave/base/table.h"
#include "halfwave/data/fit.h"
#include "halfwave/report/health_report.h"
#include "halfwave/report/histogram_chart.h"
#include "halfwave/report/html.h"
#include "halfwave/report/line_chart.h"
#include "halfwave/report/raster.h"
#include "halfwave/report/signed_colour.h"
#include "halfwave/report/slide.h"
#include "halfwave/report/svg.h"

namespace halfwave {
namespace {

constexpr std::size_t most_matrix_classes = 30;
// Of maps, so that a page of a large net stays below 2 MB.
constexpr std::size_t page_values = 180'000;
constexpr std::size_t most_units = 64;
constexpr std::size_t most_dots = 256;
constexpr std::size_t most_pictured_layers = 32;
constexpr std::size_t most_table_classes = 200;
constexpr std::int64_t most_side = 56;
constexpr std::int64_t least_side = 14;

std::string figure_cell(std::string_view name, std::string_view value) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(name), escaped(value));
}

std::string images_word(const RunReport& report) { return report.info.table ? "rows" : "images"; }

std::string images_text(const RunReport& report) {
  return count_text(static_cast<std::size_t>(report.evaluation.sum.images));
}

std::string quality_of(const RunReport& report) {
  if (report.evaluation.distances) return fmt::format("{:.4f}", report.evaluation.distances->r2);
  return fmt::format("{:.2f} %", report.evaluation.sum.accuracy() * 100);
}

std::string rules_text(const RunReport& report) {
  std::vector<std::string_view> names;
  for (const RuleSet set : report.rules) names.push_back(to_string(set));
  return fmt::format("{}", fmt::join(names, " and "));
}

double training_seconds(const RunReport& report) {
  double seconds = 0;
  for (const EpochResult& result : report.history) seconds += result.seconds;
  return seconds;
}

std::string figures(const RunReport& report) {
  std::string html = "<dl class=\"figures\">\n";
  html += figure_cell(report.evaluation.distances ? "R2" : "accuracy", quality_of(report));
  html += figure_cell("loss", fmt::format("{:.4f}", report.evaluation.sum.mean_loss()));
  html += figure_cell(images_word(report) + " looked at",
                      static_cast<std::size_t>(report.evaluation.sum.images) < report.all_images
                          ? fmt::format("{} of {}", images_text(report), count_text(report.all_images))
                          : images_text(report));
  html += figure_cell("parameters", count_text(report.parameters));
  html += figure_cell("multiply-adds an image", count_text(static_cast<std::size_t>(report.multiply_adds)));
  if (!report.history.empty())
    html += figure_cell("training", fmt::format("{} epoch{} in {}", report.history.size(),
                                                report.history.size() == 1 ? "" : "s",
                                                duration_text(training_seconds(report))));
  return html + "</dl>\n";
}

std::vector<LinePoint> line_of(const RunReport& report, double EpochResult::*value) {
  std::vector<LinePoint> points;
  for (const EpochResult& result : report.history)
    points.push_back({static_cast<double>(result.epoch), result.*value});
  return points;
}

std::string chart(const LineChart& chart, std::string_view caption) {
  return html_figure(line_chart_svg(chart, page_chart_width), caption);
}

// So many of 0, 1, ... n - 1 at most, from the first to the last.
std::vector<std::size_t> evenly(std::size_t n, std::size_t most) {
  std::vector<std::size_t> places;
  const std::size_t count = std::min(n, most);
  for (std::size_t i = 0; i < count; ++i) places.push_back(count > 1 ? i * (n - 1) / (count - 1) : 0);
  return places;
}

// A line a layer of what was watched in each epoch.
template <class Layers, class Figure>
std::string watched_chart(const RunReport& report, Layers EpochHealth::*layers, Figure figure,
                          std::string label, bool percent, std::string_view caption) {
  LineChart lines{.title = {},
                  .x_label = "epoch",
                  .series = {},
                  .panels = {{.label = std::move(label), .percent = percent}}};
  constexpr std::size_t most_lines = 8;  // more cannot be told apart
  std::size_t all = 0;
  for (const EpochResult& result : report.history) {
    const Layers& watched = result.health.*layers;
    const std::vector<std::size_t> shown = evenly(watched.size(), most_lines);
    all = std::max(all, watched.size());
    for (std::size_t i = 0; i < shown.size(); ++i) {
      if (i == lines.series.size()) {
        lines.series.push_back(watched[shown[i]].name);
        lines.panels[0].lines.emplace_back();
      }
      lines.panels[0].lines[i].push_back({static_cast<double>(result.epoch), figure(watched[shown[i]])});
    }
  }
  if (lines.series.empty()) return {};
  return chart(lines, std::string(caption) +
                          (all > most_lines ? fmt::format(" {} of {} layers.", most_lines, all) : ""));
}

std::string curves(const RunReport& report) {
  if (report.history.empty()) return {};
  const bool regression = report.evaluation.distances.has_value();
  std::string html = html_heading("How it learned") + "<div class=\"charts\">\n";
  html += chart({.title = {},
                 .x_label = "epoch",
                 .series = {"training", "test"},
                 .panels = {{.label = "loss",
                             .lines = {line_of(report, &EpochResult::train_loss),
                                       line_of(report, &EpochResult::test_loss)}}}},
                "Loss by epoch; that of training while the net was learning.");
  html += chart(
      {.title = {},
       .x_label = "epoch",
       .series = {"training", "test"},
       .panels = {{.label = regression ? "R2" : "accuracy",
                   .percent = !regression,
                   .lines = {line_of(report, &EpochResult::train_accuracy),
                             line_of(report, &EpochResult::test_accuracy)}}}},
      regression ? "Share of the variance that is explained." : "Share of examples that are named right.");
  html += watched_chart(
      report, &EpochHealth::layers, [](const LayerWatch& layer) { return layer.zero_share; }, "zeros", true,
      "Share of values that are exactly 0, by layer.");
  html += watched_chart(
      report, &EpochHealth::layers,
      [](const LayerWatch& layer) {
        return static_cast<double>(layer.dead) / static_cast<double>(layer.units);
      },
      "dead units", true, "Share of units that fired on none of the training images looked at in the epoch.");
  html += watched_chart(
      report, &EpochHealth::gradients,
      [](const GradientWatch& layer) { return std::log10(std::max(layer.norm, 1e-30)); },
      "log10 of the gradient's norm", false, "Size of the gradient at the weights of each layer.");
  return html + "</div>\n";
}

std::string confusion_matrix(const RunReport& report) {
  const Evaluation& e = report.evaluation;
  const auto& classes = report.info.classes;
  std::string html =
      "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"confusion matrix\"><table "
      "class=\"confusion\"><caption>Rows are true classes, columns what they were taken "
      "for.</caption>\n<thead><tr><td></td>";
  for (std::size_t c = 0; c < classes.size(); ++c)
    html += fmt::format("<th scope=\"col\" title=\"{}\">{}</th>", escaped(classes[c]), c);
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t truth = 0; truth < classes.size(); ++truth) {
    html += fmt::format("<tr><th scope=\"row\">{} {}</th>", truth, escaped(classes[truth]));
    const auto images = static_cast<double>(std::max<std::int64_t>(e.images(truth), 1));
    for (std::size_t named = 0; named < classes.size(); ++named) {
      const std::int64_t count = e.count(truth, named);
      if (count == 0) {
        html += "<td class=\"zero\">.</td>";
        continue;
      }
      // Right ones blue, wrong ones red; a quarter of a class is as red as can be.
      const double share = static_cast<double>(count) / images;
      const auto ground = signed_colour(named == truth ? -0.8 * share : 4 * share);
      html += fmt::format("<td style=\"background:{};color:{}\" title=\"{} taken for {}: {:.1f} %\">{}</td>",
                          colour_text(ground), text_colour_on(ground), escaped(classes[truth]),
                          escaped(classes[named]), share * 100, count);
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string left_out(std::size_t layers) {
  return layers > most_pictured_layers ? fmt::format(" {} of {} layers.", most_pictured_layers, layers) : "";
}

// Of many classes those that are found least.
std::string class_table(const RunReport& report) {
  Table table({"class", "images", "found (recall)", "right (precision)"});
  table.align_right({1, 2, 3});
  std::vector<std::size_t> shown(report.info.classes.size());
  std::iota(shown.begin(), shown.end(), std::size_t{0});
  const bool is_part = shown.size() > most_table_classes;
  if (is_part) {
    std::stable_sort(shown.begin(), shown.end(), [&](std::size_t a, std::size_t b) {
      return report.evaluation.recall(a) < report.evaluation.recall(b);
    });
    shown.resize(most_table_classes);
  }
  for (const std::size_t c : shown) {
    table.add({report.info.classes[c], count_text(static_cast<std::size_t>(report.evaluation.images(c))),
               fmt::format("{:.1f} %", report.evaluation.recall(c) * 100),
               fmt::format("{:.1f} %", report.evaluation.precision(c) * 100)});
  }
  return html_table(table, is_part ? fmt::format("The {} of {} classes that are found least",
                                                 most_table_classes, report.info.classes.size())
                                   : "Classes");
}

// Pictures beside one another; small ones larger.
Image strip(const std::vector<Image>& images) {
  constexpr std::int64_t gap = 3;
  constexpr std::int64_t shown = 56;  // pixels of a side, about
  const auto factor = [](const Image& image) {
    return std::max(shown / std::max(image.height, image.width), std::int64_t{1});
  };
  std::int64_t width = -gap;
  std::int64_t height = 0;
  for (const Image& image : images) {
    width += image.width * factor(image) + gap;
    height = std::max(height, image.height * factor(image));
  }
  Image whole = white_image(height, width);
  std::int64_t left = 0;
  for (const Image& image : images) {
    put_image(whole, image, 0, left, factor(image));
    left += image.width * factor(image) + gap;
  }
  return whole;
}

std::string confusions(const RunReport& report) {
  if (report.evaluation.distances) {
    const auto& [rmse, mae, r2] = *report.evaluation.distances;
    return html_heading("How far off it is") +
           html_paragraph(
               fmt::format("'{}' is missed by {:.4g} (root of the mean square) and {:.4g} (mean); R2 {:.4f}: "
                           "1 is perfect, 0 no better than always the mean.",
                           report.info.table->target, rmse, mae, r2));
  }
  std::string html = html_heading("What it takes for what");
  if (report.info.classes.size() <= most_matrix_classes) html += confusion_matrix(report);
  if (!report.confusions.empty()) {
    html += "<h3>The most frequent mistakes</h3>\n<div class=\"pictures\">\n";
    for (const Confusion& confusion : report.confusions) {
      const std::string what = fmt::format("{} taken for {}: {}", report.info.classes[confusion.truth],
                                           report.info.classes[confusion.taken_for], confusion.count);
      html += fmt::format("<figure><img src=\"{}\" alt=\"{}\"><figcaption>{}</figcaption></figure>\n",
                          png_uri(strip(confusion.examples)), escaped(what), escaped(what));
    }
    html += "</div>\n" + html_note("Of each those of which the net was surest.");
  }
  return html + class_table(report);
}

std::string findings(const RunReport& report) {
  std::string html = html_heading("What is wrong");
  if (report.findings.empty()) {
    return html + fmt::format("<ul class=\"findings none\"><li>Nothing, by the rules of {}.</li></ul>\n",
                              rules_text(report));
  }
  html += "<ul class=\"findings\">\n";
  for (const Finding& finding : report.findings) {
    html += fmt::format("<li><span class=\"tag\">{}</span><span class=\"tag\">{}</span> {}<br>{}</li>\n",
                        escaped(finding.rule), escaped(certainty_text(finding)), escaped(finding.what),
                        escaped(finding.advice));
  }
  return html + "</ul>\n" + html_note(fmt::format("By the rules of {}.", rules_text(report)));
}

std::string health(const RunReport& report) {
  std::string html =
      html_heading("What the units do") +
      html_table(
          health_table(report.inspection, report.thresholds),
          fmt::format("Layers, on {} {}", count_text(static_cast<std::size_t>(report.inspection.sum.images)),
                      images_word(report))) +
      html_note(fmt::format(
          "Zeros: share of values that are exactly 0. Dead: not 0 on fewer than {:g} % of the examples. "
          "Dormant: mean magnitude at most {:g} % of the layer's. Off centre: mean by root mean square, 0 is "
          "zero-centred.",
          report.thresholds.active_share * 100, report.thresholds.dormancy * 100));
  if (!report.inspection.gradients.empty()) {
    const std::string flow = gradient_flow_svg(report.inspection.gradients);
    html += html_heading("What gradient arrives");
    if (!flow.empty())
      html += "<div class=\"charts\">" +
              html_figure(flow,
                          "Norm of the gradient at the weights of each layer, from first to last; a step to "
                          "the right is ten times as much.") +
              "</div>\n";
    html += html_table(
        gradient_table(report.inspection),
        fmt::format("Gradients, over {} {}", report.inspection.gradient_images, images_word(report)));
    if (const auto ratio = report.inspection.gradient_ratio())
      html += html_paragraph(fmt::format("First by last layer: {:.3g}.", *ratio));
  }
  html += html_heading("What the values are") + "<div class=\"charts\">\n";
  const auto& layers = report.inspection.layers;
  for (const std::size_t i : evenly(layers.size(), most_pictured_layers))
    html += html_figure(
        histogram_svg(layers[i].histogram, layers[i].name),
        fmt::format("{}: {} units, {}.", layers[i].name, layers[i].units.size(), layers[i].activation));
  return html + "</div>\n" +
         html_note("What comes out of each layer; a bar holds the values from one power of two to the next." +
                   left_out(layers.size()));
}

// The layers that are pictured.
std::vector<ShownLayer> pictured(const RunReport& report) {
  std::vector<ShownLayer> layers;
  for (const std::size_t i : evenly(report.maps.size(), most_pictured_layers))
    layers.push_back(report.maps[i]);
  return layers;
}

// Sizes at which all layers together stay small.
MapSheetOptions page_maps(const std::vector<ShownLayer>& layers) {
  MapSheetOptions options{.units = most_units, .dots = most_dots, .side = most_side};
  const auto values = [&] {
    std::size_t sum = 0;
    for (const ShownLayer& layer : layers) {
      const Shape& shape = layer.maps.after.shape;
      const auto side = static_cast<std::size_t>(std::min(std::max(shape.height, shape.width), options.side));
      sum += std::min(static_cast<std::size_t>(shape.channels), options.units) * side * side * 2;
    }
    return sum;
  };
  while (values() > page_values && (options.units > 8 || options.side > least_side)) {
    if (options.side > 2 * least_side || options.units <= 8) {
      options.side = std::max(options.side * 3 / 4, least_side);
    } else {
      options.units = options.units * 3 / 4;
    }
  }
  return options;
}

std::string maps(const RunReport& report) {
  if (report.maps.empty()) return {};
  const std::vector<ShownLayer> layers = pictured(report);
  const MapSheetOptions options = page_maps(layers);
  std::string html = html_heading("What it makes of a picture");
  html += fmt::format(
      "<div class=\"pictures\"><figure><img src=\"{}\" "
      "alt=\"{}\"><figcaption>{}</figcaption></figure></div>\n",
      png_uri(strip({thumbnail(report.example, example_side)})), escaped(report.example_text),
      escaped("The picture: " + report.example_text));
  html += html_note("White is 0, red above, blue below." + left_out(report.maps.size()));
  for (const ShownLayer& layer : layers)
    html += html_figure(layer_sheet_svg(layer, options), {}, FigureKind::wide);
  for (const ShownLayer& layer : report.maps) {
    if (layer.maps.filters.empty() || layer.maps.after.values.empty()) continue;
    const std::size_t unit = liveliest_unit(layer.maps);
    html += html_heading("How a filter slides") +
            html_paragraph(
                fmt::format("Filter {} of {}: at each place the window is multiplied by the weights, and the "
                            "sum becomes one value of the map.",
                            unit, layer.maps.name)) +
            slide_html(layer.maps, unit);
    break;
  }
  return html;
}

std::string comparison(const RunReport& report) {
  if (!report.comparison) return {};
  return html_heading("Beside others") +
         html_table(*report.comparison, "The comparison that this run is part of, a row a run") +
         html_note("Its own page, with curves and a verdict, is report.html in the folder above.");
}

// To the headings of the body.
std::string navigation(const std::string& body) {
  static constexpr std::string_view opening = "<h2 id=\"";
  std::string html = "<nav aria-label=\"sections\">";
  for (std::size_t at = body.find(opening); at != std::string::npos; at = body.find(opening, at + 1)) {
    const std::size_t id = at + opening.size();
    const std::size_t text = body.find('>', id) + 1;
    html += fmt::format("<a href=\"#{}\">{}</a> ", body.substr(id, body.find('"', id) - id),
                        body.substr(text, body.find('<', text) - text));
  }
  return html + "</nav>\n";
}

}  // namespace

std::string conclusion_text(const RunReport& report) {
  const EpochResult* best = nullptr;
  for (const EpochResult& result : report.history) best = result.best ? &result : best;
  std::string text =
      report.evaluation.distances
          ? fmt::format("{} explains {:.1f} % of the variance of {} in {} {} of {}", report.name,
                        report.evaluation.distances->r2 * 100, report.info.table->target, images_text(report),
                        images_word(report), report.data)
          : fmt::format("{} names {} of {} {} of {} right", report.name, quality_of(report),
                        images_text(report), images_word(report), report.data);
  if (best != nullptr)
    text += fmt::format(", after {} epoch{} of training (its best was epoch {})", report.history.size(),
                        report.history.size() == 1 ? "" : "s", best->epoch);
  text += ". ";
  if (!std::isfinite(report.evaluation.sum.loss))
    return text + "Its loss is not finite: the model is broken.";
  if (report.findings.empty())
    return text + fmt::format("Nothing is wrong with its units and gradients by the rules of {}.",
                              rules_text(report));
  return text +
         fmt::format("{}: {}",
                     report.findings.size() == 1
                         ? "One thing is wrong"
                         : fmt::format("{} things are wrong, the first", report.findings.size()),
                     report.findings.front().what) +
         ".";
}

std::string run_page(const RunReport& report) {
  const std::string body = findings(report) + curves(report) + confusions(report) + health(report) +
                           maps(report) + comparison(report) + html_facts(report.facts);
  return html_page(fmt::format("{} on {}", report.name, report.data), conclusion_text(report),
                   figures(report) + navigation(body) + body);
}

}  // namespace halfwave
