#include "halfwave/train/options.h"

#include <algorithm>
#include <array>
#include <limits>

#include "halfwave/base/error.h"
#include "halfwave/base/parallel.h"
#include "halfwave/base/text.h"
#include "halfwave/data/augment.h"
#include "halfwave/net/toml.h"

namespace halfwave {
namespace {

constexpr std::array<std::string_view, 4> optimisers{"sgd", "adam", "adamw", "rmsprop"};
constexpr std::array<std::string_view, 4> schedules{"constant", "step", "cosine", "one_cycle"};

template <class Kind, std::size_t N>
Kind by_name(std::string_view what, const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Kind>(i);
  }
  fail("unknown {} '{}'{} (known: {})", what, name, suggestion(name, names), fmt::join(names, ", "));
}

// Every option by name, once; for writing and for reading.
template <class Visitor, class Options>
void visit(Visitor&& v, Options& o) {
  v("epochs", o.epochs);
  v("batch", o.batch);
  v("threads", o.threads);
  v("seed", o.seed);
  v("kernels", o.kernels);
  v("optimiser", o.optimiser);
  v("rate", o.rate);
  v("momentum", o.momentum);
  v("nesterov", o.nesterov);
  v("beta1", o.beta1);
  v("beta2", o.beta2);
  v("alpha", o.alpha);
  v("epsilon", o.epsilon);
  v("weight_decay", o.weight_decay);
  v("clip_norm", o.clip_norm);
  v("schedule", o.schedule);
  v("warm_up", o.warm_up);
  v("step_epochs", o.step_epochs);
  v("step_factor", o.step_factor);
  v("label_smoothing", o.label_smoothing);
  v("huber_delta", o.huber_delta);
  v("balance_classes", o.balance_classes);
  v("average", o.average);
  v("patience", o.patience);
  v("revive", o.revive);
  v("augment", o.augment);
  v("fresh", o.fresh);
  v("freeze", o.freeze);
  v("old_rate", o.old_rate);
}

struct Writer {
  std::string& text;

  template <class Value>
  void operator()(std::string_view key, Value value) {
    if constexpr (std::is_enum_v<Value>) {
      text += fmt::format("{} = \"{}\"\n", key, to_string(value));
    } else if constexpr (std::is_same_v<Value, std::string>) {
      text += fmt::format("{} = {}\n", key, in_quotes(value));
    } else {
      text += fmt::format("{} = {}\n", key, value);  // a double in the fewest digits that read back the same
    }
  }
};

// A text of several lines as a TOML string that stays readable; escaped where that cannot be.
std::string quoted_lines(const std::string& text) {
  const bool plain = text.find("'''") == std::string::npos && text.ends_with('\n') &&
                     std::all_of(text.begin(), text.end(), [](char c) {
                       return c == '\n' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7F');
                     });
  return plain ? "'''\n" + text + "'''" : in_quotes(text);
}

struct Reader {
  const toml::table& table;
  std::string_view source;
  std::vector<std::string_view> known{};

  const toml::node* find(std::string_view key) {
    known.push_back(key);
    return table.get(key);
  }
  template <class Value>
  void read(std::string_view key, auto& value, std::string_view expected) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto found = node->value_exact<Value>();
    if (!found) refuse(*node, fmt::format("'{}': expected {}", key, expected));
    value = static_cast<std::remove_reference_t<decltype(value)>>(*found);
  }
  [[noreturn]] void refuse(const toml::node& node, std::string_view why) const {
    fail("{}, line {}: {}", source, node.source().begin.line, why);
  }
  void operator()(std::string_view key, std::int64_t& value) {
    read<std::int64_t>(key, value, "a whole number");
  }
  void operator()(std::string_view key, std::uint64_t& value) {
    auto number = static_cast<std::int64_t>(value);
    read<std::int64_t>(key, number, "a whole number");
    if (number < 0) refuse(*table.get(key), fmt::format("'{}': expected 0 or more, got {}", key, number));
    value = static_cast<std::uint64_t>(number);
  }
  void operator()(std::string_view key, std::string& value) { read<std::string>(key, value, "a text"); }
  void operator()(std::string_view key, bool& value) { read<bool>(key, value, "true or false"); }
  void operator()(std::string_view key, double& value) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto found = node->value<double>();
    if (!found) refuse(*node, fmt::format("'{}': expected a number", key));
    value = *found;
  }
  void operator()(std::string_view key, KernelChoice& value) { kind(key, value, &kernels_by_name); }
  void operator()(std::string_view key, OptimiserKind& value) { kind(key, value, &optimiser_by_name); }
  void operator()(std::string_view key, ScheduleKind& value) { kind(key, value, &schedule_by_name); }
  template <class Kind>
  void kind(std::string_view key, Kind& value, Kind (*by_name)(std::string_view)) {
    std::string name(to_string(value));
    read<std::string>(key, name, "a text");
    try {
      value = by_name(name);
    } catch (const Error& error) {
      refuse(*table.get(key), error.what());
    }
  }
};

// Negated, so that a NaN is out of range.
void check(bool good, std::string_view name, std::string_view expected, auto value) {
  if (!good) fail("{}: expected {}, got {}", name, expected, value);
}

}  // namespace

std::string_view to_string(OptimiserKind kind) { return optimisers.at(static_cast<std::size_t>(kind)); }
std::string_view to_string(ScheduleKind kind) { return schedules.at(static_cast<std::size_t>(kind)); }
std::string_view to_string(KernelChoice kernels) {
  return kernel_choices.at(static_cast<std::size_t>(kernels));
}
KernelChoice kernels_by_name(std::string_view name) {
  return by_name<KernelChoice>("kernels", kernel_choices, name);
}
OptimiserKind optimiser_by_name(std::string_view name) {
  return by_name<OptimiserKind>("optimiser", optimisers, name);
}
ScheduleKind schedule_by_name(std::string_view name) {
  return by_name<ScheduleKind>("schedule", schedules, name);
}

void TrainOptions::resolve() {
  if (rate == 0) rate = optimiser == OptimiserKind::sgd ? 0.05 : 0.001;
  if (momentum == -1) momentum = optimiser == OptimiserKind::sgd ? 0.9 : 0;
  if (weight_decay == -1) weight_decay = optimiser == OptimiserKind::adamw ? 0.01 : 5e-4;
  if (warm_up == -1) warm_up = schedule == ScheduleKind::one_cycle ? 0.3 : 0.05;
  if (threads == 0) threads = thread_count();
  check(threads >= 1 && threads <= 1024, "threads", "1 to 1024", threads);
  check(seed <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}, "seed", "0 to 9223372036854775807",
        seed);
  check(epochs >= 1 && epochs <= 1'000'000, "epochs", "1 to 1000000", epochs);
  check(batch >= 1 && batch <= 65536, "batch", "1 to 65536", batch);
  check(rate > 0 && rate <= 1000, "rate", "a number above 0, at most 1000", rate);
  check(momentum >= 0 && momentum < 1, "momentum", "0 to below 1", momentum);
  check(beta1 >= 0 && beta1 < 1, "beta1", "0 to below 1", beta1);
  check(beta2 >= 0 && beta2 < 1, "beta2", "0 to below 1", beta2);
  check(alpha >= 0 && alpha < 1, "alpha", "0 to below 1", alpha);
  check(epsilon > 0 && epsilon <= 1, "epsilon", "a number above 0, at most 1", epsilon);
  check(weight_decay >= 0 && weight_decay <= 1, "weight_decay", "0 to 1", weight_decay);
  check(clip_norm >= 0, "clip_norm", "0 or more", clip_norm);
  check(warm_up >= 0 && warm_up <= 1, "warm_up", "0 to 1", warm_up);
  check(step_epochs >= 1, "step_epochs", "1 or more", step_epochs);
  check(step_factor > 0 && step_factor <= 1, "step_factor", "above 0, at most 1", step_factor);
  check(label_smoothing >= 0 && label_smoothing < 1, "label_smoothing", "0 to below 1", label_smoothing);
  check(huber_delta > 0, "huber_delta", "a number above 0", huber_delta);
  check(average >= 0 && average < 1, "average", "0 to below 1", average);
  check(patience >= 0, "patience", "0 or more", patience);
  check(revive >= 0, "revive", "0 or more", revive);
  check(old_rate >= 0 && old_rate <= 1, "old_rate", "0 to 1", old_rate);
  augment = to_text(parse_augmentation(augment));
}

TrainOptions merged(TrainOptions first, const TrainOptions& second,
                    const std::function<bool(std::string_view)>& is_given) {
  visit(
      [&]<class Value>(std::string_view key, Value& value) {
        if (!is_given(key)) return;
        visit(
            [&]<class Other>(std::string_view other_key, const Other& other) {
              if constexpr (std::is_same_v<Value, Other>)
                if (other_key == key) value = other;
            },
            second);
      },
      first);
  return first;
}

std::string to_toml(const RunConfig& config) {
  std::string text = config.command.empty() ? "" : fmt::format("command = {}\n", in_quotes(config.command));
  text += fmt::format(
      "data = {}\nfrom = {}\ntarget = {}\ntest_share = {}\nsplit_seed = {}\nnet = {}\n\n[train]\n",
      in_quotes(config.data), in_quotes(config.from), in_quotes(config.target), config.test_share,
      config.split_seed, quoted_lines(config.net));
  visit(Writer{text}, config.train);
  return text;
}

RunConfig parse_config(std::string_view text, std::string_view source) {
  const toml::table table = parse_toml(text, source);
  static constexpr std::array<std::string_view, 8> keys{"net",    "data",       "from",       "command",
                                                        "target", "test_share", "split_seed", "train"};
  for (const auto& [key, value] : table) {
    if (std::find(keys.begin(), keys.end(), key.str()) != keys.end()) continue;
    fail("{}, line {}: unknown key '{}'{}", source, value.source().begin.line, key.str(),
         suggestion(key.str(), keys));
  }
  RunConfig config;
  for (const auto& [key, target] : {std::pair{"net", &config.net}, std::pair{"data", &config.data}}) {
    const auto found = table[key].value<std::string>();
    if (!found) fail("{}: '{}' is missing: expected a text", source, key);
    *target = *found;
  }
  Reader head{table, source};
  head("from", config.from);
  head("command", config.command);
  head("target", config.target);
  head("test_share", config.test_share);
  head("split_seed", config.split_seed);
  if (!(config.test_share > 0 && config.test_share < 1))
    fail("{}: 'test_share': expected a share between 0 and 1, got {}", source, config.test_share);
  const auto* train = table["train"].as_table();
  if (train == nullptr) fail("{}: the table [train] is missing", source);
  Reader reader{*train, source};
  visit(reader, config.train);
  for (const auto& [key, value] : *train) {
    if (std::find(reader.known.begin(), reader.known.end(), key.str()) == reader.known.end()) {
      fail("{}, line {}: unknown option '{}'{}", source, value.source().begin.line, key.str(),
           suggestion(key.str(), reader.known));
    }
  }
  try {
    config.train.resolve();
  } catch (const Error& error) {
    fail("{}: {}", source, error.what());
  }
  return config;
}

}  // namespace halfwave
