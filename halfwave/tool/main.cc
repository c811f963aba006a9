// The tool: the only place that prints, catches and exits. Returns 0, 1 for bad data, 2 for wrong usage, 3
// where a rule fired that was to be an error.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <new>
#include <span>
#include <system_error>

#include <fmt/ranges.h>

#include "halfwave/base/parallel.h"
#include "halfwave/base/text.h"
#include "halfwave/tool/command.h"
#include "halfwave/train/options.h"

namespace halfwave::tool {

void add_threads(CLI::App& command, int& threads) {
  command.add_option("--threads", threads, "Threads to use (default: one a core)")
      ->check(CLI::Range(1, 1024));
}

void use_threads(int threads) {
  if (threads > 0) set_thread_count(threads);
}

void add_kernels(CLI::App& command, std::string& kernels) {
  auto* option =
      command
          .add_option(
              "--kernels", kernels,
              "Ways of computing: auto, dense, winograd, sparse (skips zeros) or exact (dense and sparse)")
          ->capture_default_str();
  command
      .add_flag_callback(
          "--exact", [&kernels] { kernels = to_string(KernelChoice::exact); },
          "As --kernels exact: the products of the definition, no others")
      ->excludes(option);
}

void add_activation(CLI::App& command, std::string& activation) {
  command.add_option("--activation", activation, "Hidden activation, as in leaky_relu:slope=0.1");
}

void set_activation(NetSpec& spec, const std::string& activation) {
  if (activation.empty()) return;
  spec.activation = usage([&] { return make_activation(activation)->type(); });
  const auto stands_for_it = [](const LayerSpec& layer) { return layer.type == "activation"; };
  if (std::none_of(spec.layers.begin(), spec.layers.end(), stands_for_it)) {
    throw UsageError(fmt::format(
        "--activation: no layer of net '{}' is \"activation\"; write that for those that it is to "
        "change",
        spec.name));
  }
}

bool is_given(const CLI::App& command, std::string_view train_option) {
  std::string name = "--" + std::string(train_option);
  std::replace(name.begin(), name.end(), '_', '-');
  const CLI::Option* option = command.get_option_no_throw(name);
  return option != nullptr && option->count() > 0;
}

namespace {

std::string the_command_line;  // set before any command runs

// A word as a shell takes it.
std::string quoted(const std::string& word) {
  static constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? "'\\''" : std::string(1, c);
  return result + "'";
}

}  // namespace

std::string command_line() { return the_command_line; }

CLI::Validator not_negative() {
  return {[](std::string& text) {
            return text.starts_with('-') ? fmt::format("expected 0 or more, got {}", text) : std::string();
          },
          ""};
}

namespace {

constexpr int bad_data = 1;
constexpr int wrong_usage = 2;
constexpr int rule_fired = 3;

int complain(const std::string& message, int status) {
  std::string line = message;
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  fmt::print(stderr, "halfwave: {}\n", line);
  return status;
}

// What a value of an option must be, from the type that CLI11 gives it.
std::string_view expected(std::string_view type) {
  if (type.starts_with("INT") || type.starts_with("UINT")) return "a whole number";
  if (type.starts_with("FLOAT")) return "a number";
  if (type.starts_with("BOOLEAN")) return "true or false";
  return "another value";
}

// The error of a command that only holds other commands.
std::string without_command(const CLI::App& app, const char* given) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  if (given == nullptr)
    return fmt::format("a command is missing: expected one of {}", fmt::join(names, ", "));
  if (given[0] == '-') return fmt::format("unknown option '{}' where a command is expected", given);
  const std::vector<std::string_view> known(names.begin(), names.end());
  return fmt::format("unknown command '{}'{}", given, suggestion(given, known));
}

// The error of a command with these arguments: CLI11's words, or better ones.
std::string in_command(const CLI::App& command, const CLI::ParseError& error,
                       std::span<char* const> arguments) {
  std::string said = error.what();
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) names.push_back(option->get_name());
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string_view> known(names.begin(), names.end());
    for (const std::string_view argument : arguments) {
      const std::string given(argument.substr(0, argument.find('=')));
      if (given.size() < 2 || given[0] != '-' || command.get_option_no_throw(given) != nullptr) continue;
      return fmt::format("unknown option '{}'{}", given, suggestion(given, known));
    }
  }
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) {
    for (const CLI::Option* option : command.get_options()) {
      const std::size_t at = said.find(option->get_name() + " = ");
      if (at == std::string::npos) continue;
      return fmt::format("{}: expected {}, got '{}'", option->get_name(), expected(option->get_type_name()),
                         said.substr(at + option->get_name().size() + 3));
    }
  }
  return said;
}

std::string explained(const CLI::App& app, const CLI::ParseError& error, std::span<char* const> arguments) {
  const CLI::App* command = &app;
  std::string path = "halfwave";
  for (; !arguments.empty(); arguments = arguments.subspan(1)) {
    const auto inner =
        command->get_subcommands([&](const CLI::App* each) { return each->get_name() == arguments.front(); });
    if (inner.empty()) break;
    command = inner.front();
    path += " " + command->get_name();
  }
  const bool leaf = command->get_subcommands([](const CLI::App*) { return true; }).empty();
  return fmt::format("{} (see `{} --help`)",
                     leaf ? in_command(*command, error, arguments)
                          : without_command(*command, arguments.empty() ? nullptr : arguments.front()),
                     path);
}

// By default libgomp's threads wait for one another by spinning for milliseconds; on a machine that others
// use too that stands in the way of the very thread they wait for. The limit must be in the environment
// before libgomp starts, hence the second start of the program. Where threads are to be bound to cores this
// one is already, and so would be the whole second start; who asks for that knows what to do about spinning.
void limit_spinning(char** arguments) {
  for (const char* const set :
       {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"}) {
    if (std::getenv(set) != nullptr) return;
  }
  ::setenv("GOMP_SPINCOUNT", "2000", 1);  // some 50 us, longer than what lies between two parallel loops
  ::execv("/proc/self/exe", arguments);   // comes back only where that is not possible, and no harm is done
}

int run(int count, char** arguments) {
  the_command_line = "halfwave";
  for (int i = 1; i < count; ++i) the_command_line += " " + quoted(arguments[i]);
  CLI::App app("Halfwave trains, examines and runs convolutional networks on ordinary CPUs.", "halfwave");
  app.require_subcommand(1);
  app.set_version_flag("--version", HALFWAVE_VERSION);
  app.footer(
      "Examples:\n"
      "  halfwave train lenet5 fashion-mnist            learn, with defaults that work\n"
      "  halfwave evaluate runs/lenet5-fashion-mnist    how good is it, class by class\n"
      "  halfwave inspect runs/lenet5-fashion-mnist     which units are dead or saturated, what gradient "
      "arrives\n"
      "  halfwave compare relu tanh sigmoid             the same net with each, side by side\n"
      "  halfwave experiment vanishing                  a claim of the textbooks, measured\n"
      "  halfwave report runs/lenet5-fashion-mnist      all of it on one page\n"
      "  halfwave maps runs/lenet5-fashion-mnist picture.png    its filters and what they make of a picture\n"
      "  halfwave predict runs/lenet5-fashion-mnist picture.png\n"
      "  halfwave data photos                           what is in a folder of pictures, and what is wrong\n"
      "  halfwave nets                                  the nets that come with it\n"
      "  halfwave activations                           the activations, with their formulas\n"
      "Each command explains itself: halfwave train --help");
  add_train(app);
  add_evaluate(app);
  add_inspect(app);
  add_compare(app);
  add_experiment(app);
  add_report(app);
  add_maps(app);
  add_predict(app);
  add_nets(app);
  add_activations(app);
  add_plot(app);
  add_data(app);
  add_export(app);
  add_bench(app);
  try {
    app.parse(count, arguments);
  } catch (const CLI::Success& success) {
    app.exit(success);
  } catch (const CLI::ParseError& error) {
    return complain(explained(app, error, std::span(arguments, static_cast<std::size_t>(count)).subspan(1)),
                    wrong_usage);
  }
  // What did not get out is found here at the latest: a full disk, a closed output.
  if (std::fflush(stdout) != 0) fail("cannot write the output: {}", std::generic_category().message(errno));
  return 0;
}

}  // namespace
}  // namespace halfwave::tool

int main(int count, char** arguments) {
  using namespace halfwave::tool;
  limit_spinning(arguments);
  try {
    return run(count, arguments);
  } catch (const UsageError& error) {
    return complain(error.what(), wrong_usage);
  } catch (const RuleFired& fired) {
    return complain(fired.what(), rule_fired);
  } catch (const halfwave::Error& error) {
    return complain(error.what(), bad_data);
  } catch (const std::bad_alloc&) {
    return complain("not enough memory; a smaller --batch, --cache, net or file needs less", bad_data);
  } catch (const std::exception& error) {
    return complain(fmt::format("unexpected: {}", error.what()), bad_data);
  }
}
