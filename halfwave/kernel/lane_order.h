// For each set of up to 8 lanes the order that puts them first (compress-inl.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace halfwave::kernel {

using LaneOrder = std::array<std::uint8_t, 8>;

// By the set's bits. Those of the set come first and then the others, each from the lowest up.
inline constexpr std::array<LaneOrder, 256> lane_orders = [] {
  std::array<LaneOrder, 256> orders{};
  for (std::size_t set = 0; set < orders.size(); ++set) {
    std::size_t at = 0;
    for (const bool wanted : {true, false}) {
      for (std::uint8_t lane = 0; lane < 8; ++lane) {
        if (((set >> lane & 1) != 0) == wanted) orders[set][at++] = lane;
      }
    }
  }
  return orders;
}();

}  // namespace halfwave::kernel
