// Small helpers for texts that people read and write.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace halfwave {

// The candidate nearest to the name (by letters inserted, left out, wrong or exchanged), or empty when none
// is near enough to be meant.
std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates);

// "; did you mean 'relu'?" for a name with a near candidate, else empty.
std::string suggestion(std::string_view name, std::span<const std::string_view> candidates);

// The text in lines of at most `width` characters, broken at spaces; all but the first are indented. A longer
// word has its line to itself. At least one line.
std::vector<std::string> wrapped(std::string_view text, std::size_t width, std::size_t indent);

// In double quotes, with the escapes of TOML (and JSON) for what may not stand there as it is.
std::string in_quotes(std::string_view text);

// The parts between commas; none of an empty text.
std::vector<std::string> parts_of(std::string_view text);

// Whether the bytes are UTF-8 (RFC 3629).
bool is_utf8(std::string_view bytes);

// A name from a file system or a file, as it can be shown in one line: control characters and what is not
// UTF-8 become \n, \t or \x1b.
std::string printable(std::string_view name);

}  // namespace halfwave
