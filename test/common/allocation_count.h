// Counts every `new` and `delete` of the test program, of libraries too.
#pragma once

#include <cstdint>

namespace halfwave {

struct AllocationCount {
  std::int64_t taken = 0;
  std::int64_t given_back = 0;
};

AllocationCount allocation_count();

}  // namespace halfwave
