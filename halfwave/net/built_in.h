// The nets that come with Halfwave, and nets from files.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "halfwave/net/spec.h"

namespace halfwave {

struct BuiltInNet {
  std::string_view name;
  std::string_view description;  // one line, with its source
  NetSpec (*make)();
};

std::span<const BuiltInNet> built_in_nets();

bool is_built_in(std::string_view name);

// A built-in net by name, or one from a TOML file by path. Error, with the nearest known name, when it is
// neither.
NetSpec load_net(const std::string& name_or_path);

}  // namespace halfwave
