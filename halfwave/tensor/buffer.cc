#include "halfwave/tensor/buffer.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <new>

namespace halfwave {
namespace {

constexpr std::size_t huge_page = std::size_t{1} << 21;

}  // namespace

Memory::Memory(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  // calloc leaves pages of zeros untouched until they are used; it is aligned by hand.
  base_.reset(std::calloc(bytes + alignment, 1));
  if (!base_) throw std::bad_alloc();
  const auto address = reinterpret_cast<std::uintptr_t>(base_.get());
  data_ = static_cast<std::byte*>(base_.get()) + (align_up(address) - address);
#ifdef MADV_HUGEPAGE
  // Kernels walk large maps with long strides: small pages would cost them dearly in address translation.
  if (bytes >= huge_page) {
    const std::uintptr_t to_first = (address + huge_page - 1) / huge_page * huge_page - address;
    const std::size_t whole = (bytes - to_first) / huge_page * huge_page;
    if (whole > 0) ::madvise(static_cast<std::byte*>(base_.get()) + to_first, whole, MADV_HUGEPAGE);
  }
#endif
}

void Memory::Free::operator()(void* pointer) const { std::free(pointer); }

}  // namespace halfwave
