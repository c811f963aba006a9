#include "halfwave/layer/option.h"

#include <algorithm>
#include <charconv>

#include "halfwave/base/error.h"
#include "halfwave/base/text.h"

namespace halfwave {
namespace {

// A float as a person would write it: the shortest text that reads back as the same float.
double plain(float value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  double result = 0;
  std::from_chars(text, end, result);
  return result;
}

}  // namespace

std::string to_text(const OptionValue& value) {
  struct Writer {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return fmt::format("{}", v); }
    std::string operator()(double v) const {
      const std::string text = fmt::format("{}", v);
      return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
    }
    std::string operator()(const std::string& v) const { return in_quotes(v); }
    std::string operator()(const std::vector<std::int64_t>& v) const {
      return fmt::format("[{}]", fmt::join(v, ", "));
    }
  };
  return std::visit(Writer{}, value);
}

const OptionValue* OptionReader::find(std::string_view name) {
  known_.push_back(name);
  for (const auto& [key, value] : list_) {
    if (key == name) return &value;
  }
  return nullptr;
}

void OptionReader::operator()(std::string_view name, std::int64_t& value, std::int64_t initial,
                              std::int64_t minimum, std::int64_t maximum) {
  value = initial;
  const OptionValue* found = find(name);
  if (found == nullptr) return;
  const auto* number = std::get_if<std::int64_t>(found);
  if (number == nullptr || *number < minimum || *number > maximum) {
    fail("'{}': expected a whole number from {} to {}, got {}", name, minimum, maximum, to_text(*found));
  }
  value = *number;
}

void OptionReader::operator()(std::string_view name, Size2& value, Size2 initial, std::int64_t minimum) {
  value = initial;
  const OptionValue* found = find(name);
  if (found == nullptr) return;
  if (const auto* number = std::get_if<std::int64_t>(found)) {
    value = {*number, *number};
  } else if (const auto* both = std::get_if<std::vector<std::int64_t>>(found);
             both != nullptr && both->size() == 2) {
    value = {both->front(), both->back()};
  } else {
    fail("'{}': expected a whole number or two as in [height, width], got {}", name, to_text(*found));
  }
  if (std::min(value.height, value.width) < minimum || std::max(value.height, value.width) > largest_size) {
    fail("'{}': expected whole numbers from {} to {}, got {}", name, minimum, largest_size, to_text(*found));
  }
}

void OptionReader::operator()(std::string_view name, float& value, float initial, float minimum,
                              float maximum) {
  value = initial;
  const OptionValue* found = find(name);
  if (found == nullptr) return;
  double number = std::numeric_limits<double>::quiet_NaN();
  if (const auto* real = std::get_if<double>(found)) number = *real;
  if (const auto* whole = std::get_if<std::int64_t>(found)) number = static_cast<double>(*whole);
  value = static_cast<float>(number);
  if (!(value >= minimum && value <= maximum)) {
    fail("'{}': expected a number from {} to {}, got {}", name, minimum, maximum, to_text(*found));
  }
}

void OptionReader::operator()(std::string_view name, bool& value, bool initial) {
  value = initial;
  const OptionValue* found = find(name);
  if (found == nullptr) return;
  const auto* flag = std::get_if<bool>(found);
  if (flag == nullptr) fail("'{}': expected true or false, got {}", name, to_text(*found));
  value = *flag;
}

void OptionReader::required(std::string_view name, std::int64_t& value) {
  (*this)(name, value, 0);
  if (value == 0) fail("'{}' is missing: expected a whole number from 1 to {}", name, largest_size);
}

void OptionReader::required(std::string_view name, Size2& value) {
  (*this)(name, value, {0, 0});
  if (value.height == 0) fail("'{}' is missing: expected a whole number or two as in [height, width]", name);
}

void OptionReader::finish() const {
  for (const auto& [key, value] : list_) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    std::string names;
    for (const std::string_view name : known_) {
      if (name != type_) names += (names.empty() ? "" : ", ") + std::string(name);
    }
    fail("unknown option '{}'{} ({})", key, suggestion(key, known_),
         names.empty() ? "it has none" : "it has " + names);
  }
}

void OptionWriter::operator()(std::string_view name, const std::int64_t& value, std::int64_t initial,
                              std::int64_t, std::int64_t) {
  if (value != initial) list.emplace_back(name, value);
}

void OptionWriter::operator()(std::string_view name, const Size2& value, Size2 initial, std::int64_t) {
  if (value == initial) return;
  if (value.height == value.width) {
    list.emplace_back(name, value.height);
  } else {
    list.emplace_back(name, std::vector<std::int64_t>{value.height, value.width});
  }
}

void OptionWriter::operator()(std::string_view name, const float& value, float initial, float, float) {
  if (value != initial) list.emplace_back(name, plain(value));
}

void OptionWriter::operator()(std::string_view name, const bool& value, bool initial) {
  if (value != initial) list.emplace_back(name, value);
}

void OptionWriter::required(std::string_view name, const std::int64_t& value) {
  list.emplace_back(name, value);
}

void OptionWriter::required(std::string_view name, const Size2& value) { (*this)(name, value, {0, 0}); }

}  // namespace halfwave
