// Sheets of maps and sliding filters, of layers made by hand.
#include "halfwave/report/map_sheet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "halfwave/report/base64.h"
#include "halfwave/report/slide.h"

namespace halfwave {
namespace {

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t result = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++result;
  return result;
}

// Three filters of 2x2x1 over 3x3, with a stride of 1: the first gives the left upper pixel, the second 0
// after relu, the third twice the right lower one.
class MapSheet : public testing::Test {
 protected:
  MapSheet() {
    LayerMaps& maps = layer_.maps;
    maps.name = "conv1";
    maps.activation = "relu";
    maps.input = {{3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9}};
    maps.before = {{2, 2, 3}, {1, -1, 10, 2, -1, 12, 4, -1, 16, 5, -1, 18}};
    maps.after = {{2, 2, 3}, {1, 0, 10, 2, 0, 12, 4, 0, 16, 5, 0, 18}};
    maps.filter = {2, 2, 1};
    maps.filters = weights_;
    maps.bias = bias_;
    maps.convolution = {.channels = 3, .kernel = {2, 2}};
  }
  const std::vector<float> weights_{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
  const std::vector<float> bias_{0, -1, 0};
  ShownLayer layer_;
};

TEST_F(MapSheet, TellsEachUnit) {
  layer_.dead = {1};
  const std::string svg = layer_sheet_svg(layer_);
  EXPECT_NE(
      svg.find(
          "3 units with maps of 2x2, filters of 2x2x1; of each: filter, before relu, after relu; 1 dead"),
      std::string::npos)
      << svg;
  EXPECT_NE(svg.find("conv1 unit 0; before from 1 to 5; after from 1 to 5"), std::string::npos);
  EXPECT_NE(svg.find("conv1 unit 1, dead; before from -1 to -1; after from 0 to 0"), std::string::npos);
  EXPECT_EQ(occurrences(svg, "<image "), 1U);
  EXPECT_EQ(occurrences(svg, "<path "), 1U);  // crossed out
  EXPECT_EQ(occurrences(svg, "class=\"hit\""), 3U);
}

TEST_F(MapSheet, AUnitThatIsSilentHereIsNotCalledDead) {
  const std::string svg = layer_sheet_svg(layer_);
  EXPECT_NE(svg.find("1 silent here (framed)"), std::string::npos);
  EXPECT_NE(svg.find("conv1 unit 1, 0 for this picture;"), std::string::npos);
  EXPECT_EQ(occurrences(svg, "<path "), 0U);
}

TEST_F(MapSheet, SaysWhenItShowsNotAll) {
  const std::string svg = layer_sheet_svg(layer_, {.units = 2});
  EXPECT_NE(svg.find("the first 2"), std::string::npos);
  EXPECT_EQ(occurrences(svg, "class=\"hit\""), 2U);
}

TEST_F(MapSheet, UnitsOfOneValueAreSquares) {
  ShownLayer linear;
  linear.maps = {.name = "linear1",

                 .activation = "linear",
                 .after = {{1, 1, 200}, std::vector<float>(200, 1)}};
  linear.maps.after.values[3] = 0;
  const std::string svg =
      map_sheet_svg(Image{3, 3, 1, std::vector<std::uint8_t>(9)}, {layer_, linear}, "a & b");
  EXPECT_NE(svg.find("a &amp; b"), std::string::npos);
  EXPECT_NE(svg.find("linear1 unit 199; output 1"), std::string::npos);
  EXPECT_NE(svg.find("200 units; of each: output; 1 silent here"), std::string::npos);
  EXPECT_EQ(occurrences(svg, "<image "), 3U);  // the picture and both layers
}

// All filters and maps are in the pictures without words.
TEST_F(MapSheet, PicturesHoldAllTiles) {
  const Image filters = filters_image(layer_.maps);
  const Image maps = maps_image(layer_.maps.after);
  EXPECT_EQ(filters.height, filters.width);  // two rows of two
  EXPECT_EQ(maps.height, maps.width);
  EXPECT_NE(std::count(maps.pixels.begin(), maps.pixels.end(), 255),
            static_cast<std::ptrdiff_t>(maps.pixels.size()));
}

nlohmann::json slide_data(const std::string& html) {
  const std::string opening = "<script type=\"application/json\">";
  const std::size_t begin = html.find(opening) + opening.size();
  return nlohmann::json::parse(html.substr(begin, html.find("</script>", begin) - begin));
}

TEST_F(MapSheet, ASlideHasTheNumbers) {
  EXPECT_EQ(liveliest_unit(layer_.maps), 2U);
  const auto data = slide_data(slide_html(layer_.maps, 2));
  EXPECT_EQ(data.at("input").at("height"), 3);
  EXPECT_EQ(data.at("output").at("width"), 2);
  EXPECT_EQ(data.at("pad").at("height"), 0);
  EXPECT_EQ(data.at("start"), 3);  // the largest value of the map
  const float bias = 0;
  EXPECT_EQ(data.at("bias"), base64({reinterpret_cast<const char*>(&bias), sizeof bias}));
  EXPECT_EQ(data.at("changed"), false);
  const float after[] = {10, 12, 16, 18};
  EXPECT_EQ(data.at("map"), base64({reinterpret_cast<const char*>(after), sizeof after}));
  const float weights[] = {0, 0, 0, 2};
  EXPECT_EQ(data.at("weights"), base64({reinterpret_cast<const char*>(weights), sizeof weights}));
}

// A large map is cut around its largest value, with the input that this part needs.
TEST(Slide, OfALargeMapAPartIsTaken) {
  LayerMaps maps{.name = "conv1", .activation = "relu"};
  maps.input = {{200, 300, 4}, std::vector<float>(200 * 300 * 4)};
  for (std::size_t i = 0; i < maps.input.values.size(); ++i)
    maps.input.values[i] = static_cast<float>(i % 1000);
  maps.after = {{200, 300, 1}, std::vector<float>(200 * 300)};
  maps.after.values[150 * 300 + 290] = 5;
  const std::vector<float> weights(3 * 3 * 4, 1);
  maps.filter = {3, 3, 4};
  maps.filters = weights;
  maps.convolution = {.channels = 1, .kernel = {3, 3}, .pad = {1, 1}};
  const auto data = slide_data(slide_html(maps, 0));
  const auto number = [&](const char* what, const char* side) {
    return data.at(what).at(side).get<std::int64_t>();
  };
  EXPECT_EQ(number("output", "height"), 64);
  EXPECT_EQ(number("output", "width"), 64);
  // Rows 118 to 181 need 117 to 182; columns 236 to 299 need 235 to 300, which is outside.
  EXPECT_EQ(number("input", "height"), 66);
  EXPECT_EQ(number("input", "width"), 65);
  EXPECT_EQ(number("pad", "height"), 0);
  EXPECT_EQ(number("pad", "width"), 0);
  EXPECT_EQ(data.at("start"), (150 - 118) * 64 + (290 - 236));
}

}  // namespace
}  // namespace halfwave
