// What tests of pages and pictures share.
#pragma once

#include <string>

namespace halfwave {

inline bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace halfwave
