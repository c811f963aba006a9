// Time for measuring.
#pragma once

#include <chrono>

namespace halfwave {

// Seconds from some fixed point; never goes back.
inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace halfwave
