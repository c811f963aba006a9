// The options of layers as text sees them. Each layer lists its options once, in a function template
// `visit(visitor, options)`; reading, checking, writing and defaults all come from that list.
#pragma once

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace halfwave {

// A size in two dimensions; in text one number stands for both: `kernel = 5` or `kernel = [5, 3]`.
struct Size2 {
  std::int64_t height = 1;
  std::int64_t width = 1;
  bool operator==(const Size2&) const = default;
};

using OptionValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>>;

// Options by name, in the order of writing. The main value of a layer, as in `conv = 6`, has the layer's type
// as its name.
using OptionList = std::vector<std::pair<std::string, OptionValue>>;

// As TOML has it: 5, 0.5, true, "text", [5, 3].
std::string to_text(const OptionValue& value);

// Whole numbers go from 1 to this unless an option says otherwise: no net means more.
inline constexpr std::int64_t largest_size = 1 << 20;

// Fills a layer's options from a list; Error for what is unknown, of another type or out of range.
class OptionReader {
 public:
  OptionReader(std::string_view type, const OptionList& list) : type_(type), list_(list) {}

  std::string_view type() const { return type_; }
  void operator()(std::string_view name, std::int64_t& value, std::int64_t initial, std::int64_t minimum = 1,
                  std::int64_t maximum = largest_size);
  void operator()(std::string_view name, Size2& value, Size2 initial, std::int64_t minimum = 1);
  void operator()(std::string_view name, float& value, float initial, float minimum, float maximum);
  void operator()(std::string_view name, bool& value, bool initial);
  // As above, without a default.
  void required(std::string_view name, std::int64_t& value);
  void required(std::string_view name, Size2& value);

  // Error when the list holds an option that was not asked for.
  void finish() const;

 private:
  const OptionValue* find(std::string_view name);

  std::string_view type_;
  const OptionList& list_;
  std::vector<std::string_view> known_;
};

// Collects a layer's options, those at their default left out.
class OptionWriter {
 public:
  explicit OptionWriter(std::string_view type) : type_(type) {}

  std::string_view type() const { return type_; }
  void operator()(std::string_view name, const std::int64_t& value, std::int64_t initial, std::int64_t = 1,
                  std::int64_t = 0);
  void operator()(std::string_view name, const Size2& value, Size2 initial, std::int64_t = 1);
  void operator()(std::string_view name, const float& value, float initial, float, float);
  void operator()(std::string_view name, const bool& value, bool initial);
  void required(std::string_view name, const std::int64_t& value);
  void required(std::string_view name, const Size2& value);

  OptionList list;

 private:
  std::string_view type_;
};

}  // namespace halfwave
