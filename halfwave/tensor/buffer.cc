#include "halfwave/tensor/buffer.h"

#include <cstdint>
#include <cstdlib>
#include <new>

namespace halfwave {

Memory::Memory(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  // calloc leaves pages of zeros untouched until they are used; it is aligned by hand.
  base_.reset(std::calloc(bytes + alignment, 1));
  if (!base_) throw std::bad_alloc();
  const auto address = reinterpret_cast<std::uintptr_t>(base_.get());
  data_ = static_cast<std::byte*>(base_.get()) + (align_up(address) - address);
}

void Memory::Free::operator()(void* pointer) const { std::free(pointer); }

}  // namespace halfwave
