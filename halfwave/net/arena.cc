#include "halfwave/net/arena.h"

#include <algorithm>
#include <numeric>

#include "halfwave/tensor/buffer.h"

namespace halfwave {

std::size_t arrange(std::vector<Lifetime>& buffers) {
  std::vector<std::size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return buffers[a].bytes > buffers[b].bytes; });
  std::vector<const Lifetime*> placed;  // by offset
  std::size_t total = 0;
  for (const std::size_t i : order) {
    Lifetime& buffer = buffers[i];
    buffer.offset = 0;
    for (const Lifetime* other : placed) {
      if (other->last < buffer.first || other->first > buffer.last) continue;
      if (buffer.offset + align_up(buffer.bytes) <= other->offset) break;
      buffer.offset = std::max(buffer.offset, other->offset + align_up(other->bytes));
    }
    const auto behind = [](const Lifetime* a, const Lifetime* b) { return a->offset < b->offset; };
    placed.insert(std::upper_bound(placed.begin(), placed.end(), &buffer, behind), &buffer);
    total = std::max(total, buffer.offset + align_up(buffer.bytes));
  }
  return total;
}

}  // namespace halfwave
