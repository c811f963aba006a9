#include "halfwave/report/slide.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "halfwave/report/base64.h"
#include "halfwave/report/signed_colour.h"
#include "halfwave/report/svg.h"

namespace halfwave {
namespace {

constexpr std::int64_t most_values = 60'000;  // of the input, in a page: 320 KB as text
constexpr std::int64_t most_places = 64;      // of the map, in a row or column

// First and last place of a row or column of the map, and the input that they need.
struct Cut {
  std::int64_t begin = 0, end = 0;
  std::int64_t input_begin = 0, input_end = 0;

  std::int64_t places() const { return end - begin; }
  std::int64_t inputs() const { return input_end - input_begin; }
};

Cut cut_around(std::int64_t middle, std::int64_t places, std::int64_t all, std::int64_t input,
               std::int64_t stride, std::int64_t pad, std::int64_t reach) {
  Cut cut;
  places = std::min(places, all);
  cut.begin = std::clamp(middle - places / 2, std::int64_t{0}, all - places);
  cut.end = cut.begin + places;
  cut.input_begin = std::max(cut.begin * stride - pad, std::int64_t{0});
  cut.input_end = std::min((cut.end - 1) * stride - pad + reach, input);
  return cut;
}

std::string letters(const std::vector<float>& values) {
  return base64({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
}

std::vector<float> part_of(const std::vector<float>& map, std::int64_t width, const Cut& rows,
                           const Cut& columns) {
  std::vector<float> part;
  for (std::int64_t y = rows.begin; y < rows.end; ++y) {
    const auto row = map.begin() + static_cast<std::ptrdiff_t>(y * width);
    part.insert(part.end(), row + static_cast<std::ptrdiff_t>(columns.begin),
                row + static_cast<std::ptrdiff_t>(columns.end));
  }
  return part;
}

std::size_t place_of_largest(const std::vector<float>& map) {
  return static_cast<std::size_t>(std::max_element(map.begin(), map.end()) - map.begin());
}

// The input channel with the largest weights.
std::int64_t strongest_channel(const std::vector<float>& weights, std::int64_t channels) {
  std::vector<double> sums(static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < weights.size(); ++i)
    sums[i % sums.size()] += std::abs(static_cast<double>(weights[i]));
  return std::max_element(sums.begin(), sums.end()) - sums.begin();
}

nlohmann::ordered_json size_json(std::int64_t height, std::int64_t width) {
  return {{"height", height}, {"width", width}};
}

nlohmann::ordered_json data_of(const LayerMaps& layer, std::size_t unit) {
  const ConvolutionOptions& c = layer.convolution;
  // The map that has a value for each place of the window.
  const Maps& shown = layer.changed ? layer.own : layer.after;
  const std::vector<float> values = map_of(shown, unit);
  const Shape& map = shown.shape;
  const Shape& input = layer.input.shape;
  // Of groups only the channels that the filter sees.
  const std::int64_t channels = layer.filter.channels;
  const std::int64_t first_channel = static_cast<std::int64_t>(unit) / (map.channels / c.groups) * channels;
  const std::size_t largest = place_of_largest(values);
  const auto peak_row = static_cast<std::int64_t>(largest) / map.width;
  const auto peak_column = static_cast<std::int64_t>(largest) % map.width;
  Cut rows;
  Cut columns;
  for (std::int64_t places = most_places; places > 0; places = places * 3 / 4) {
    rows = cut_around(peak_row, places, map.height, input.height, c.stride.height, c.pad.height,
                      (layer.filter.height - 1) * c.dilation.height + 1);
    columns = cut_around(peak_column, places, map.width, input.width, c.stride.width, c.pad.width,
                         (layer.filter.width - 1) * c.dilation.width + 1);
    if (rows.inputs() * columns.inputs() * channels <= most_values) break;
  }
  std::vector<float> x;
  for (std::int64_t iy = rows.input_begin; iy < rows.input_end; ++iy) {
    for (std::int64_t ix = columns.input_begin; ix < columns.input_end; ++ix) {
      const auto pixel =
          layer.input.values.begin() +
          static_cast<std::ptrdiff_t>((iy * input.width + ix) * input.channels + first_channel);
      x.insert(x.end(), pixel, pixel + static_cast<std::ptrdiff_t>(channels));
    }
  }
  const auto filter = layer.filters.subspan(unit * layer.filter.size(), layer.filter.size());
  const std::vector<float> weights(filter.begin(), filter.end());
  return {{"input", {{"height", rows.inputs()}, {"width", columns.inputs()}, {"channels", channels}}},
          {"output", size_json(rows.places(), columns.places())},
          {"filter", size_json(layer.filter.height, layer.filter.width)},
          {"stride", size_json(c.stride.height, c.stride.width)},
          // Where the window of the first place begins, before the first row and column of this input.
          {"pad", size_json(c.pad.height - rows.begin * c.stride.height + rows.input_begin,
                            c.pad.width - columns.begin * c.stride.width + columns.input_begin)},
          {"dilation", size_json(c.dilation.height, c.dilation.width)},
          {"activation", layer.activation},
          {"changed", layer.changed},
          {"start", (peak_row - rows.begin) * columns.places() + peak_column - columns.begin},
          {"channel", strongest_channel(weights, channels)},
          {"colours", {{"above", colours_above}, {"below", colours_below}}},
          {"x", letters(x)},
          {"weights", letters(weights)},
          {"bias", letters({layer.bias.empty() ? 0.0F : layer.bias[unit]})},
          {"map", letters(part_of(values, map.width, rows, columns))}};
}

}  // namespace

std::string slide_html(const LayerMaps& layer, std::size_t unit) {
  assert(!layer.filters.empty() && unit < static_cast<std::size_t>(layer.after.shape.channels));
  const std::string name = fmt::format("{} filter {}", layer.name, unit);
  return fmt::format(
      R"(<section class="slide" aria-label="{0} sliding over its input">
<p class="controls"><button type="button" class="play">Play</button> <button type="button" class="step">Step</button>
<input type="range" class="where" min="0" value="0" aria-label="place of the window"> <span class="place"></span>
<select class="channel" aria-label="input channel that is shown"></select></p>
<div class="row">
<div><h4>input, and the window</h4><canvas class="input" role="img" aria-label="input of {1} with the window"></canvas></div>
<div><h4>window</h4><table class="window"></table><h4>times weights</h4><table class="weights"></table></div>
<div><h4>is</h4><table class="products"></table></div>
<div><h4>map of {0}: click a place</h4><canvas class="map" role="img" aria-label="map of {0} with the place"></canvas></div>
</div>
<p class="sum"></p>
<script type="application/json">{2}</script>
</section>
)",
      escaped(name), escaped(layer.name), data_of(layer, unit).dump());
}

std::size_t liveliest_unit(const LayerMaps& layer) {
  std::size_t best = 0;
  double most = -1;
  for (std::size_t unit = 0; unit < static_cast<std::size_t>(layer.after.shape.channels); ++unit) {
    double sum = 0;
    double squares = 0;
    const std::vector<float> map = map_of(layer.after, unit);
    for (const float v : map) {
      sum += static_cast<double>(v);
      squares += static_cast<double>(v) * static_cast<double>(v);
    }
    const auto count = static_cast<double>(map.size());
    const double variance = squares / count - sum / count * sum / count;
    if (variance > most) {
      most = variance;
      best = unit;
    }
  }
  return best;
}

}  // namespace halfwave
