// What the SVG pictures share.
#pragma once

#include <string>
#include <string_view>

namespace halfwave {

// Text fit to stand between tags.
std::string escaped(std::string_view text);

}  // namespace halfwave
