// Rows of channels to run kernels on.
#pragma once

#include <fmt/format.h>

#include "kernel_testing.h"

namespace halfwave::kernel {

struct Extent {
  std::size_t rows, channels;
};

// Fewer rows than sums run side by side, several chunks, several threads' parts; channels beside vectors.
inline const std::vector<Extent>& extents() {
  static const std::vector<Extent> all = [] {
    std::vector<Extent> list{{1, 1}, {3, 1}, {40000, 1}, {5000, 3}, {2, 16}, {1000, 70}, {600, 64}};
    for (std::size_t channels = 1; channels <= 70; ++channels)
      list.push_back({5 + channels * 7 % 60, channels});
    return list;
  }();
  return all;
}

// Calls test(extent, edge) for each extent with 1 and 2 threads and with every instruction set.
template <class Test>
void over_extents(Test&& test, const std::vector<Extent>& list = extents()) {
  for (const Extent& extent : list) {
    SCOPED_TRACE(fmt::format("{} rows of {} channels", extent.rows, extent.channels));
    const Edge edge = extent.channels % 2 == 0 ? Edge::back : Edge::front;
    for (const int threads : {1, 2}) {
      const ThreadScope scope(threads);
      test(extent, edge);
    }
    for_each_target([&] { test(extent, edge); });
  }
}

}  // namespace halfwave::kernel
