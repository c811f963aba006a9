// How a filter slides over its input, for a page: at each place the window, the weights, their products and
// the sum that becomes a value of the map, with the real numbers. Played, stepped, or clicked.
#pragma once

#include <cstddef>
#include <string>

#include "halfwave/inspect/layer_maps.h"

namespace halfwave {

// A section of an HTML page (html.h), which brings the script. The layer has filters. A map of which more
// than a page can hold would be needed is cut to the part around its largest value.
std::string slide_html(const LayerMaps& layer, std::size_t unit);

// The unit whose map varies most.
std::size_t liveliest_unit(const LayerMaps& layer);

}  // namespace halfwave
