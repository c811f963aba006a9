// What a net makes of a picture, drawn: the filters of each layer and the maps before and after its
// activation. SVG pictures with the maps as PNG inside. One scale a layer: zero is white, red above, blue
// below.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "halfwave/data/image.h"
#include "halfwave/inspect/layer_maps.h"

namespace halfwave {

struct MapSheetOptions {
  // Of a layer with maps, at most: the first ones are drawn.
  std::size_t units = static_cast<std::size_t>(-1);
  std::size_t dots = 1024;  // the same of a layer whose units give a single value, which take little room
  std::int64_t side = 64;   // pixels of the longer side of a map, at most; larger ones are shrunk
};

// A layer, and its units that are dead by an inspection (dead_units()): they are crossed out. Units that give
// only 0 for this picture (silent) are framed.
struct ShownLayer {
  LayerMaps maps{};
  std::vector<std::size_t> dead{};
};

// The filters of a layer (which has some) in rows, and maps in rows: as small pictures without words.
Image filters_image(const LayerMaps& layer);
Image maps_image(const Maps& maps);

// One layer.
std::string layer_sheet_svg(const ShownLayer& layer, const MapSheetOptions& options = {});

// The picture, and all layers below one another.
std::string map_sheet_svg(const Image& picture, const std::vector<ShownLayer>& layers,
                          const std::string& title, const MapSheetOptions& options = {});

}  // namespace halfwave
