#include "halfwave/net/toml.h"

#include <algorithm>

#include "halfwave/base/error.h"

namespace halfwave {
namespace {

// The end of the string that begins here: in one or three quotes of either kind.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  const std::string three(3, quote);
  const std::string_view end =
      std::string_view(three).substr(0, text.substr(begin).starts_with(three) ? 3 : 1);
  std::size_t i = begin + end.size();
  while (i < text.size() && !text.substr(i).starts_with(end)) i += quote == '"' && text[i] == '\\' ? 2 : 1;
  return i + end.size();
}

// The parser recurses into brackets, and into keys with dots, which a line ends.
void check_nesting(std::string_view text, std::string_view source) {
  constexpr std::size_t deepest = 64;
  std::size_t depth = 0;
  std::size_t dots = 0;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
      continue;
    }
    if (c == '"' || c == '\'') {
      i = end_of_string(text, i);
      continue;
    }
    dots = c == '\n' ? 0 : dots + (c == '.' ? 1 : 0);
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (depth > deepest || dots > 4 * deepest) fail("{}: nested too deeply", source);
    ++i;
  }
}

}  // namespace

toml::table parse_toml(std::string_view text, std::string_view source) {
  check_nesting(text, source);
  try {
    return toml::parse(text, std::string(source));
  } catch (const toml::parse_error& error) {
    fail("{}, line {}: {}", source, error.source().begin.line, error.description());
  }
}

}  // namespace halfwave
