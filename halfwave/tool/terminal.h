// What the commands ask of the terminal.
#pragma once

#include <cstddef>

namespace halfwave::tool {

// Columns of the terminal behind a file descriptor; 80 where there is none.
std::size_t terminal_width(int descriptor);
// Rows; 24 where there is none.
std::size_t terminal_height(int descriptor);

}  // namespace halfwave::tool
