#include "halfwave/tensor/buffer.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace halfwave {

Memory::Memory(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  data_.reset(static_cast<std::byte*>(std::aligned_alloc(alignment, align_up(bytes))));
  if (!data_) throw std::bad_alloc();
  std::memset(data_.get(), 0, bytes);
}

void Memory::Free::operator()(std::byte* pointer) const { std::free(pointer); }

}  // namespace halfwave
