// The one exception type of the library: what a user or a file can cause.
// Its text is one line that says where, what was expected and what came, and what to do.
// What only a programmer can cause is an assert instead.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace halfwave {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws Error with a message formatted as by fmt::format.
template <class... Arguments>
[[noreturn]] void fail(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  throw Error(fmt::format(format, std::forward<Arguments>(arguments)...));
}

}  // namespace halfwave
