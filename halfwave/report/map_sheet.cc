#include "halfwave/report/map_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "halfwave/report/raster.h"
#include "halfwave/report/signed_colour.h"
#include "halfwave/report/svg.h"

namespace halfwave {
namespace {

constexpr std::int64_t sheet_width = 960;
constexpr std::int64_t gap = 3;          // between the tiles of a unit
constexpr std::int64_t cell_gap = 14;    // between units
constexpr std::int64_t label = 15;       // height of a line of text
constexpr std::int64_t head = 66;        // height above the units: a layer's name, its scales
constexpr std::int64_t least_side = 40;  // small maps are drawn larger
constexpr std::int64_t most_slices = 16;
constexpr std::int64_t dot = 13;  // pixels of a single value, with the gap beside it

struct Drawn {
  std::string svg;
  std::int64_t height = 0;
};

Image map_image(const Maps& maps, std::size_t unit, std::int64_t side, double largest) {
  const Grid grid = shrunk({maps.shape.height, maps.shape.width, map_of(maps, unit)}, side);
  return signed_image(grid.values, grid.height, grid.width, largest);
}

// The slices of a filter, one for each input channel, in a square; of many the largest ones.
Image filter_image(const LayerMaps& layer, std::size_t unit, double largest) {
  const Shape& shape = layer.filter;
  const Maps filter{shape,
                    {layer.filters.begin() + static_cast<std::ptrdiff_t>(unit * shape.size()),
                     layer.filters.begin() + static_cast<std::ptrdiff_t>((unit + 1) * shape.size())}};
  std::vector<std::size_t> channels(static_cast<std::size_t>(shape.channels));
  std::iota(channels.begin(), channels.end(), std::size_t{0});
  const auto size = [&](std::size_t channel) {
    double sum = 0;
    for (const float w : map_of(filter, channel)) sum += std::abs(static_cast<double>(w));
    return sum;
  };
  if (shape.channels > most_slices) {
    std::stable_sort(channels.begin(), channels.end(),
                     [&](std::size_t a, std::size_t b) { return size(a) > size(b); });
    channels.resize(most_slices);
    std::sort(channels.begin(), channels.end());
  }
  const auto columns = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(channels.size()))));
  const std::int64_t rows = (static_cast<std::int64_t>(channels.size()) + columns - 1) / columns;
  Image image = white_image(rows * (shape.height + 1) - 1, columns * (shape.width + 1) - 1);
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i);
    put_image(image, signed_image(map_of(filter, channels[i]), shape.height, shape.width, largest),
              place / columns * (shape.height + 1), place % columns * (shape.width + 1));
  }
  return image;
}

bool is_silent(const Maps& maps, std::size_t unit) {
  const std::vector<float> map = map_of(maps, unit);
  return std::all_of(map.begin(), map.end(), [](float value) { return value == 0; });
}

std::string range_text(const char* what, const Maps& maps, std::size_t unit) {
  const std::vector<float> map = map_of(maps, unit);
  const auto [low, high] = std::minmax_element(map.begin(), map.end());
  if (map.size() == 1) return fmt::format("; {} {:.4g}", what, map[0]);
  return fmt::format("; {} from {:.4g} to {:.4g}", what, *low, *high);
}

// One layer, being drawn.
class LayerSheet {
 public:
  LayerSheet(const ShownLayer& layer, const MapSheetOptions& options)
      : layer_(layer.maps),
        units_(std::min(static_cast<std::size_t>(layer_.after.shape.channels),
                        is_dots(layer_) ? options.dots : options.units)),
        side_(options.side),
        states_(units_, State::alive) {
    for (std::size_t unit = 0; unit < units_; ++unit) {
      if (is_silent(layer_.after, unit)) states_[unit] = State::silent;
    }
    for (const std::size_t unit : layer.dead) {
      if (unit < units_) states_[unit] = State::dead;
    }
    largest_ = std::max(largest_magnitude(layer_.after.values), largest_magnitude(layer_.before.values));
  }

  // Between <svg> tags, `top` pixels down.
  Drawn draw(std::int64_t top) const {
    Drawn drawn{heading(top), head};
    const Drawn units = is_dots(layer_) ? dots(top + head) : cells(top + head);
    return {drawn.svg + units.svg, drawn.height + units.height};
  }

 private:
  enum class State { alive, silent, dead };

  // Units of a single value, as of linear layers, are drawn as squares.
  static bool is_dots(const LayerMaps& layer) {
    return layer.after.shape.pixels() == 1 && layer.filters.empty();
  }
  bool shows_before() const { return !layer_.before.values.empty(); }

  std::string heading(std::int64_t top) const {
    const Shape& shape = layer_.after.shape;
    std::string what = fmt::format("{} unit{}", shape.channels, shape.channels == 1 ? "" : "s");
    if (shape.pixels() > 1) what += fmt::format(" with maps of {}x{}", shape.height, shape.width);
    if (!layer_.filters.empty())
      what += fmt::format(", filters of {}x{}x{}", layer_.filter.height, layer_.filter.width,
                          layer_.filter.channels);
    std::vector<std::string> columns;
    if (!layer_.filters.empty()) columns.emplace_back("filter");
    if (shows_before()) columns.push_back("before " + layer_.activation);
    columns.push_back(layer_.activation == "linear" ? "output" : "after " + layer_.activation);
    what += "; of each: ";
    for (std::size_t i = 0; i < columns.size(); ++i) what += (i > 0 ? ", " : "") + columns[i];
    if (units_ < static_cast<std::size_t>(shape.channels)) what += fmt::format("; the first {}", units_);
    const auto count = [&](State state) { return std::count(states_.begin(), states_.end(), state); };
    if (count(State::silent) > 0) what += fmt::format("; {} silent here (framed)", count(State::silent));
    if (count(State::dead) > 0) what += fmt::format("; {} dead (crossed out)", count(State::dead));
    std::string svg =
        fmt::format("<text x=\"10\" y=\"{}\"><tspan font-weight=\"bold\">{}</tspan>  {}</text>\n", top + 18,
                    escaped(layer_.name), escaped(what));
    svg += signed_scale_svg(46, static_cast<double>(top) + 30, largest_);
    svg += fmt::format("<text x=\"10\" y=\"{}\" font-size=\"10\">maps</text>\n", top + 39);
    if (!layer_.filters.empty()) {
      svg += signed_scale_svg(266, static_cast<double>(top) + 30, largest_magnitude(layer_.filters));
      svg += fmt::format("<text x=\"226\" y=\"{}\" font-size=\"10\">weights</text>\n", top + 39);
    }
    return svg;
  }

  std::string tip(std::size_t unit) const {
    std::string text = fmt::format("{} unit {}", layer_.name, unit);
    if (states_[unit] == State::dead) text += ", dead";
    if (states_[unit] == State::silent) text += ", 0 for this picture";
    if (shows_before()) text += range_text("before", layer_.before, unit);
    return text + range_text(shows_before() ? "after" : "output", layer_.after, unit);
  }

  void mark(std::string& svg, std::size_t unit, std::int64_t x, std::int64_t y, std::int64_t width,
            std::int64_t height) const {
    const auto out = std::back_inserter(svg);
    fmt::format_to(out, "<g class=\"hit\"><title>{}</title>", escaped(tip(unit)));
    fmt::format_to(out,
                   "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"white\" fill-opacity=\"0\" ",
                   x - 1, y - 1, width + 2, height + 2);
    static constexpr const char* frames[] = {"#bbb", "#444", "#b3261e"};
    fmt::format_to(out, "stroke=\"{}\"/>", frames[static_cast<std::size_t>(states_[unit])]);
    if (states_[unit] == State::dead) {
      fmt::format_to(out,
                     "<path d=\"M{0} {1}L{2} {3}M{2} {1}L{0} {3}\" stroke=\"#b3261e\" stroke-width=\"1.5\"/>",
                     x, y, x + width, y + height);
    }
    svg += "</g>\n";
  }

  // A cell for each unit: its filter, its maps.
  Drawn cells(std::int64_t top) const {
    const Grid first =
        shrunk({layer_.after.shape.height, layer_.after.shape.width, map_of(layer_.after, 0)}, side_);
    const std::int64_t longer = std::max(first.height, first.width);
    const std::int64_t factor = std::max((least_side + longer - 1) / longer, std::int64_t{1});
    const std::int64_t height = std::max(first.height * factor, least_side);
    const std::int64_t width = first.width * factor;
    const std::int64_t filter_side =
        layer_.filters.empty() ? 0 : std::max(least_side, std::min(height, width));
    const std::int64_t cell_width = width * (shows_before() ? 2 : 1) + (shows_before() ? gap : 0) +
                                    (filter_side > 0 ? filter_side + gap : 0);
    const std::int64_t columns =
        std::max((sheet_width - 20 + cell_gap) / (cell_width + cell_gap), std::int64_t{1});
    const std::int64_t rows = (static_cast<std::int64_t>(units_) + columns - 1) / columns;
    const std::int64_t row_height = height + label + cell_gap / 2;
    Image image = white_image(rows * row_height, columns * (cell_width + cell_gap) - cell_gap);
    const double largest_weight = largest_magnitude(layer_.filters);
    std::string marks;
    for (std::size_t unit = 0; unit < units_; ++unit) {
      const auto place = static_cast<std::int64_t>(unit);
      const std::int64_t y = place / columns * row_height;
      const std::int64_t left = place % columns * (cell_width + cell_gap);
      std::int64_t x = left;
      if (filter_side > 0) {
        const Image filter = filter_image(layer_, unit, largest_weight);
        const std::int64_t by = filter_side / std::max(filter.height, filter.width);
        if (by > 0) put_image(image, filter, y, x, by);
        x += filter_side + gap;
      }
      if (shows_before()) {
        put_image(image, map_image(layer_.before, unit, side_, largest_), y, x, factor);
        x += width + gap;
      }
      put_image(image, map_image(layer_.after, unit, side_, largest_), y, x, factor);
      mark(marks, unit, 10 + x, top + y, width, first.height * factor);
      marks += fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"10\">{}</text>\n", 10 + left,
                           top + y + height + label - 3, unit);
    }
    return {picture(image, top) + marks, rows * row_height};
  }

  // Units of a single value: a square each, row below row; before the activation, then after it.
  Drawn dots(std::int64_t top) const {
    const std::int64_t columns = (sheet_width - 20) / dot;
    const std::int64_t rows = (static_cast<std::int64_t>(units_) + columns - 1) / columns;
    const std::int64_t bands = shows_before() ? 2 : 1;
    const std::int64_t band = label + rows * dot + 6;
    Image image = white_image(bands * band, std::min(columns, static_cast<std::int64_t>(units_)) * dot);
    std::string marks;
    for (std::int64_t b = 0; b < bands; ++b) {
      const bool before = shows_before() && b == 0;
      const Maps& maps = before ? layer_.before : layer_.after;
      const std::string name = before                          ? "before " + layer_.activation
                               : layer_.activation == "linear" ? "output"
                                                               : "after " + layer_.activation;
      marks += fmt::format("<text x=\"10\" y=\"{}\" font-size=\"10\">{}</text>\n", top + b * band + 11,
                           escaped(name));
      for (std::size_t unit = 0; unit < units_; ++unit) {
        const auto place = static_cast<std::int64_t>(unit);
        const std::int64_t y = b * band + label + place / columns * dot;
        const std::int64_t x = place % columns * dot;
        put_image(image, signed_image(std::span(&maps.values[unit], 1), 1, 1, largest_), y, x, dot - 2);
        if (!before) mark(marks, unit, 10 + x, top + y, dot - 2, dot - 2);
      }
    }
    return {picture(image, top) + marks, bands * band};
  }

  static std::string picture(const Image& image, std::int64_t top) {
    return fmt::format(
        "<image x=\"10\" y=\"{}\" width=\"{}\" height=\"{}\" style=\"image-rendering:pixelated\" "
        "href=\"{}\"/>\n",
        top, image.width, image.height, png_uri(image));
  }

  const LayerMaps& layer_;
  std::size_t units_;
  std::int64_t side_;
  std::vector<State> states_;
  double largest_ = 0;  // of the maps
};

// The same number in each row, about as many rows; each pixel as a square.
Image in_rows(const std::vector<Image>& tiles) {
  constexpr std::int64_t space = 2;
  const auto columns = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(tiles.size()))));
  const std::int64_t rows = (static_cast<std::int64_t>(tiles.size()) + columns - 1) / columns;
  const std::int64_t longer = std::max(tiles[0].height, tiles[0].width);
  const std::int64_t factor = std::max(least_side / longer, std::int64_t{1});
  const std::int64_t height = tiles[0].height * factor + space;
  const std::int64_t width = tiles[0].width * factor + space;
  Image image = white_image(rows * height - space, columns * width - space);
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i);
    put_image(image, tiles[i], place / columns * height, place % columns * width, factor);
  }
  return image;
}

}  // namespace

Image filters_image(const LayerMaps& layer) {
  const double largest = largest_magnitude(layer.filters);
  std::vector<Image> tiles;
  for (std::int64_t unit = 0; unit < layer.after.shape.channels; ++unit)
    tiles.push_back(filter_image(layer, static_cast<std::size_t>(unit), largest));
  return in_rows(tiles);
}

Image maps_image(const Maps& maps) {
  constexpr std::int64_t side = 64;
  const double largest = largest_magnitude(maps.values);
  std::vector<Image> tiles;
  for (std::int64_t unit = 0; unit < maps.shape.channels; ++unit)
    tiles.push_back(map_image(maps, static_cast<std::size_t>(unit), side, largest));
  return in_rows(tiles);
}

std::string layer_sheet_svg(const ShownLayer& layer, const MapSheetOptions& options) {
  const Drawn drawn = LayerSheet(layer, options).draw(0);
  return svg_frame(sheet_width, static_cast<double>(drawn.height),
                   fmt::format("{}: filters and maps", layer.maps.name)) +
         drawn.svg + "</svg>\n";
}

std::string map_sheet_svg(const Image& picture, const std::vector<ShownLayer>& layers,
                          const std::string& title, const MapSheetOptions& options) {
  constexpr std::int64_t top = 44;
  constexpr std::int64_t shown = 112;  // pixels of the picture's longer side, about
  const std::int64_t longer = std::max(picture.height, picture.width);
  const double scale = std::max(1.0, std::round(static_cast<double>(shown) / static_cast<double>(longer)));
  const double factor = longer > 2 * shown ? 2.0 * shown / static_cast<double>(longer) : scale;
  std::string body = fmt::format(
      "<image x=\"10\" y=\"{}\" width=\"{:.0f}\" height=\"{:.0f}\" style=\"image-rendering:pixelated\" "
      "href=\"{}\"/>\n",
      top, static_cast<double>(picture.width) * factor, static_cast<double>(picture.height) * factor,
      png_uri(picture));
  std::int64_t y = top + std::llround(static_cast<double>(picture.height) * factor) + 20;
  for (const ShownLayer& layer : layers) {
    const Drawn drawn = LayerSheet(layer, options).draw(y);
    body += drawn.svg;
    y += drawn.height + 16;
  }
  return svg_head(sheet_width, static_cast<double>(y), 10, title) + body + "</svg>\n";
}

}  // namespace halfwave
