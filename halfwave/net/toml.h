// TOML read with distrust, and texts written so that they read back. Included by sources only.
#pragma once

#include <toml++/toml.h>
#include <string>
#include <string_view>

namespace halfwave {

// Error, with the source's name and the line, when the text is not TOML or is nested deeper than any net or
// config is.
toml::table parse_toml(std::string_view text, std::string_view source);

}  // namespace halfwave
