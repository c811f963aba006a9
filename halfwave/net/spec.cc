#include "halfwave/net/spec.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "halfwave/base/error.h"
#include "halfwave/base/text.h"
#include "halfwave/net/toml.h"

namespace halfwave {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view source) : source_(source) {}

  NetSpec net(const toml::table& table) {
    static constexpr std::array<std::string_view, 5> keys{"name", "input", "activation", "layers", "loss"};
    for (const auto& [key, value] : table) {
      if (std::find(keys.begin(), keys.end(), key.str()) == keys.end()) {
        fail_at(value, fmt::format("unknown key '{}'{}", key.str(), suggestion(key.str(), keys)));
      }
    }
    NetSpec spec;
    spec.name = text(table, "name", spec.name);
    spec.activation = text(table, "activation", spec.activation);
    spec.loss = text(table, "loss", spec.loss);
    const auto* input = table.get("input");
    if (input == nullptr) fail("{}: 'input' is missing: expected [height, width, channels]", source_);
    const auto sizes = numbers(*input);
    if (sizes.size() != 3 ||
        std::any_of(sizes.begin(), sizes.end(), [](auto n) { return n < 1 || n > largest_size; })) {
      fail_at(*input, "'input': expected [height, width, channels], each at least 1");
    }
    spec.input = {sizes[0], sizes[1], sizes[2]};
    const auto* layers = table.get_as<toml::array>("layers");
    if (layers == nullptr) fail("{}: 'layers' is missing: expected an array of layers", source_);
    for (const auto& element : *layers) spec.layers.push_back(layer(element));
    return spec;
  }

 private:
  [[noreturn]] void fail_at(const toml::node& node, std::string_view message) const {
    fail("{}, line {}: {}", source_, node.source().begin.line, message);
  }

  static std::string type_of(const toml::node& node) {
    std::ostringstream stream;
    stream << node.type();
    return stream.str();
  }

  std::string text(const toml::table& table, std::string_view key, const std::string& initial) const {
    const auto* node = table.get(key);
    if (node == nullptr) return initial;
    if (!node->is_string()) {
      fail_at(*node, fmt::format("'{}': expected a text in quotes, got {}", key, type_of(*node)));
    }
    return node->as_string()->get();
  }

  std::vector<std::int64_t> numbers(const toml::node& node) const {
    std::vector<std::int64_t> result;
    if (const auto* array = node.as_array()) {
      for (const auto& element : *array) {
        if (!element.is_integer()) fail_at(node, "expected whole numbers, got " + type_of(element));
        result.push_back(element.as_integer()->get());
      }
    }
    return result;
  }

  std::vector<std::string> names(const toml::node& node) const {
    std::vector<std::string> result;
    if (const auto* one = node.as_string()) result.push_back(one->get());
    if (const auto* array = node.as_array()) {
      for (const auto& element : *array) {
        if (!element.is_string()) fail_at(node, "expected the names of layers, as in [\"a\", \"b\"]");
        result.push_back(element.as_string()->get());
      }
    }
    if (result.empty()) fail_at(node, "expected the name of a layer, or several as in [\"a\", \"b\"]");
    return result;
  }

  OptionValue option(const toml::node& node) const {
    if (const auto* value = node.as_boolean()) return value->get();
    if (const auto* value = node.as_integer()) return value->get();
    if (const auto* value = node.as_floating_point()) return value->get();
    if (const auto* value = node.as_string()) return value->get();
    if (node.is_array()) return numbers(node);
    fail_at(node, "expected a number, true or false, a text, or [height, width]");
  }

  LayerSpec layer(const toml::node& node) const {
    if (const auto* type = node.as_string()) return {type->get(), {}, {}, {}};
    const auto* table = node.as_table();
    if (table == nullptr || table->empty()) {
      fail_at(node, "expected a layer, as in \"relu\" or { conv = 6, kernel = 5 }");
    }
    LayerSpec spec;
    // TOML keeps no order, so the type is the key that names a layer; `layer = "relu"` for those without a
    // value.
    const auto types = layer_types();
    for (const auto& [key, value] : *table) {
      if (std::find(types.begin(), types.end(), key.str()) == types.end()) continue;
      if (!spec.type.empty())
        fail_at(node, fmt::format("two layers in one: '{}' and '{}'", spec.type, key.str()));
      spec.type = key.str();
    }
    for (const auto& [key, value] : *table) {
      if (key == "name") {
        spec.name = text(*table, "name", "");
      } else if (key == "from" || (key.str() == spec.type && (key == "add" || key == "concat"))) {
        spec.from = names(value);
      } else if (key == "layer" && spec.type.empty()) {
        spec.type = text(*table, "layer", "");
      } else {
        spec.options.emplace_back(key.str(), option(value));
      }
    }
    if (spec.type.empty()) {
      std::string_view close;
      std::string_view meant;
      for (const auto& [key, value] : *table) {
        close = nearest(key.str(), types);
        meant = key.str();
        if (!close.empty()) break;
      }
      fail_at(node, close.empty() ? std::string("no layer is named here; expected one of ") +
                                        fmt::format("{}", fmt::join(types, ", ")) + ", or layer = \"relu\""
                                  : fmt::format("unknown layer '{}'; did you mean '{}'?", meant, close));
    }
    return spec;
  }

  std::string source_;
};

std::string quoted_list(const std::vector<std::string>& texts) {
  std::vector<std::string> all(texts.size());
  std::transform(texts.begin(), texts.end(), all.begin(),
                 [](const std::string& text) { return in_quotes(text); });
  return fmt::format("[{}]", fmt::join(all, ", "));
}

std::string layer_text(const LayerSpec& spec) {
  const bool joins = spec.type == "add" || spec.type == "concat";
  std::vector<std::string> parts;
  bool named = false;
  if (joins && !spec.from.empty()) {
    parts.push_back(fmt::format("{} = {}", spec.type, quoted_list(spec.from)));
    named = true;
  }
  for (const auto& [key, value] : spec.options) {
    const bool main = key == spec.type;  // comes first, whatever the order of the list
    named = named || main;
    parts.insert(main ? parts.begin() : parts.end(), fmt::format("{} = {}", key, to_text(value)));
  }
  if (!spec.name.empty()) parts.push_back("name = " + in_quotes(spec.name));
  if (!joins && !spec.from.empty()) {
    parts.push_back("from = " + (spec.from.size() == 1 ? in_quotes(spec.from[0]) : quoted_list(spec.from)));
  }
  if (parts.empty()) return in_quotes(spec.type);
  if (!named) parts.insert(parts.begin(), "layer = " + in_quotes(spec.type));
  return fmt::format("{{ {} }}", fmt::join(parts, ", "));
}

// Whether a layer goes on the line of the one before: an activation, norm or pool behind its convolution.
bool starts_line(const LayerSpec& spec) {
  return spec.type == "conv" || spec.type == "linear" || spec.type == "add" || spec.type == "concat";
}

}  // namespace

NetSpec parse_net(std::string_view toml, std::string_view source) {
  return Parser(source).net(parse_toml(toml, source));
}

std::string to_toml(const NetSpec& spec) {
  std::string text =
      fmt::format("name = {}\ninput = [{}, {}, {}]\nactivation = {}\nlayers = [", in_quotes(spec.name),
                  spec.input.height, spec.input.width, spec.input.channels, in_quotes(spec.activation));
  for (const LayerSpec& each : spec.layers) {
    text += (&each == &spec.layers.front() || starts_line(each)) ? "\n  " : " ";
    text += layer_text(each) + ",";
  }
  return text + fmt::format("\n]\nloss = {}\n", in_quotes(spec.loss));
}

}  // namespace halfwave
