#include "common/allocation_count.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::int64_t> taken{0};
std::atomic<std::int64_t> given_back{0};

void* take_or_null(std::size_t bytes) {
  ++taken;
  return std::malloc(bytes == 0 ? 1 : bytes);
}

void* take(std::size_t bytes) {
  void* const memory = take_or_null(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void give_back(void* memory) {
  if (memory == nullptr) return;
  ++given_back;
  std::free(memory);
}

}  // namespace

// All that the library uses: the sanitizers replace each form on its own.
void* operator new(std::size_t bytes) { return take(bytes); }
void* operator new[](std::size_t bytes) { return take(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return take_or_null(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return take_or_null(bytes); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { give_back(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }

namespace halfwave {

AllocationCount allocation_count() { return {taken, given_back}; }

}  // namespace halfwave
