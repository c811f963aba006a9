#include "halfwave/activation/activation.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <system_error>
#include <vector>

#include "halfwave/activation/entry.h"
#include "halfwave/base/error.h"
#include "halfwave/base/text.h"

namespace halfwave {
namespace {

using catalogue::entry_of;

// What a user wrote, fit to stand in a message of one line.
std::string shown(std::string_view text) {
  constexpr std::size_t limit = 64;
  std::string result(text.substr(0, limit));
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') c = '?';
  }
  return "'" + result + (text.size() > limit ? "...'" : "'");
}

template <class Things>
std::vector<std::string_view> names_of(const Things& things) {
  std::vector<std::string_view> names;
  for (const auto& thing : things) names.push_back(thing.name);
  return names;
}

const catalogue::Entry& find_entry(std::string_view name) {
  for (const catalogue::Entry& entry : catalogue::entries()) {
    if (entry.name == name) return entry;
  }
  const std::vector<std::string_view> names = names_of(catalogue::entries());
  const std::string hint = suggestion(name, names);
  if (!hint.empty()) fail("unknown activation {}{}", shown(name), hint);
  fail("unknown activation {}; expected one of {}", shown(name), fmt::join(names, ", "));
}

std::size_t find_parameter(const ActivationInfo& info, std::string_view name) {
  for (std::size_t i = 0; i < info.parameters.size(); ++i) {
    if (info.parameters[i].name == name) return i;
  }
  const std::vector<std::string_view> names = names_of(info.parameters);
  fail("activation '{}': unknown parameter {}{} (its parameters are {})", info.name, shown(name),
       suggestion(name, names), fmt::join(names, ", "));
}

float parse_value(const ActivationInfo& info, const ActivationParameter& parameter, std::string_view text) {
  float value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code == std::errc::result_out_of_range && stop == end) {
    fail("activation '{}': parameter '{}': {} is too large or too small for a 32-bit float", info.name,
         parameter.name, shown(text));
  }
  if (code != std::errc() || stop != end || !std::isfinite(value)) {
    fail("activation '{}': parameter '{}': expected a finite number, got {}", info.name, parameter.name,
         shown(text));
  }
  if (value < parameter.minimum || value > parameter.maximum) {
    fail("activation '{}': parameter '{}': expected a number from {} to {}, got {}", info.name,
         parameter.name, parameter.minimum, parameter.maximum, shown(text));
  }
  return value;
}

}  // namespace

std::string_view to_string(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::ridge:
      return "ridge";
    case ActivationKind::radial:
      return "radial";
    case ActivationKind::fold:
      return "fold";
  }
  return "";
}

std::string_view to_string(Initialisation initialisation) {
  switch (initialisation) {
    case Initialisation::he:
      return "He";
    case Initialisation::glorot:
      return "Glorot";
    case Initialisation::lecun:
      return "LeCun";
  }
  return "";
}

std::string_view variance_formula(Initialisation initialisation) {
  switch (initialisation) {
    case Initialisation::he:
      return "2 / inputs";
    case Initialisation::glorot:
      return "2 / (inputs + outputs)";
    case Initialisation::lecun:
      return "1 / inputs";
  }
  return "";
}

Activation::Activation(const ActivationInfo& info) : info_(&info) {
  assert(info.parameters.size() <= max_activation_parameters);
  for (std::size_t i = 0; i < info.parameters.size(); ++i) parameters_[i] = info.parameters[i].initial;
}

Activation Activation::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  const catalogue::Entry& entry = find_entry(text.substr(0, colon));
  Activation activation(entry);
  if (colon == std::string_view::npos) return activation;
  if (entry.parameters.empty()) {
    fail("activation '{}' has no parameters, got {}", entry.name, shown(text.substr(colon + 1)));
  }
  std::array<bool, max_activation_parameters> given{};
  for (std::size_t begin = colon + 1; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view item = text.substr(begin, end - begin);
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
      fail("activation '{}': expected parameter=value, got {}; its parameters are {}", entry.name,
           shown(item), fmt::join(names_of(entry.parameters), ", "));
    }
    const std::size_t i = find_parameter(entry, item.substr(0, equals));
    const ActivationParameter& parameter = entry.parameters[i];
    if (given[i]) fail("activation '{}': parameter '{}' is given twice", entry.name, parameter.name);
    given[i] = true;
    activation.parameters_[i] = parse_value(entry, parameter, item.substr(equals + 1));
    begin = end + 1;
  }
  const std::string_view conflict = entry.conflict(activation.parameters_);
  if (!conflict.empty())
    fail("activation '{}': {}, got {}", entry.name, conflict, shown(text.substr(colon + 1)));
  return activation;
}

std::span<const float> Activation::parameters() const {
  return std::span(parameters_).first(info_->parameters.size());
}

std::string Activation::text() const {
  std::string text(info_->name);
  char separator = ':';
  for (std::size_t i = 0; i < info_->parameters.size(); ++i) {
    if (parameters_[i] == info_->parameters[i].initial) continue;
    text += fmt::format("{}{}={}", separator, info_->parameters[i].name, parameters_[i]);
    separator = ',';
  }
  return text;
}

void Activation::forward(const float* x, float* y, std::size_t n) const {
  catalogue::kernel(entry_of(*info_).index).forward(x, y, n, parameters_.data());
}

void Activation::backward(const float* saved, const float* dy, float* dx, std::size_t n) const {
  catalogue::kernel(entry_of(*info_).index).backward(saved, dy, dx, n, parameters_.data());
}

void Activation::forward(const float* x, float* y, std::uint8_t* mask, std::size_t n) const {
  assert(info_->backward_from_mask);
  catalogue::kernel(entry_of(*info_).index).forward_mask(x, y, mask, n, parameters_.data());
}

void Activation::backward(const std::uint8_t* mask, const float* dy, float* dx, std::size_t n) const {
  assert(info_->backward_from_mask);
  catalogue::kernel(entry_of(*info_).index).backward_mask(mask, dy, dx, n, parameters_.data());
}

double Activation::value(double x) const { return entry_of(*info_).value(x, parameters_); }

double Activation::slope(double x) const { return entry_of(*info_).slope(x, parameters_); }

long double Activation::value(long double x) const { return entry_of(*info_).long_value(x, parameters_); }

long double Activation::slope(long double x) const { return entry_of(*info_).long_slope(x, parameters_); }

Activation::Range Activation::range() const { return entry_of(*info_).range(parameters_); }

std::span<const double> Activation::kinks(std::array<double, max_activation_kinks>& storage) const {
  const catalogue::Kinks kinks = entry_of(*info_).kinks(parameters_);
  storage = kinks.at;
  return std::span(storage).first(kinks.count);
}

bool Activation::operator==(const Activation& other) const {
  return info_ == other.info_ && std::ranges::equal(parameters(), other.parameters());
}

std::span<const ActivationInfo* const> activations() {
  static const std::vector<const ActivationInfo*> all = [] {
    std::vector<const ActivationInfo*> pointers;
    for (const catalogue::Entry& entry : catalogue::entries()) pointers.push_back(&entry);
    return pointers;
  }();
  return all;
}

}  // namespace halfwave
