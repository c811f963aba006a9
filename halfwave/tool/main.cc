// The tool: the only place that prints, catches and exits. Returns 0, 1 for bad data, 2 for wrong usage.
#include <array>
#include <cstdio>
#include <new>

#include "halfwave/base/parallel.h"
#include "halfwave/base/text.h"
#include "halfwave/tool/command.h"

namespace halfwave::tool {

void add_threads(CLI::App& command, int& threads) {
  command.add_option("--threads", threads, "Threads to use (default: one a core)")->check(CLI::Range(1, 1024));
}

void use_threads(int threads) {
  if (threads > 0) set_thread_count(threads);
}

namespace {

constexpr int bad_data = 1;
constexpr int wrong_usage = 2;

int complain(const std::string& message, int status) {
  std::string line = message;
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  fmt::print(stderr, "halfwave: {}\n", line);
  return status;
}

// What CLI11 says, with the nearest command for an unknown one.
std::string explained(const CLI::App& app, const CLI::ParseError& error, int count, char** arguments) {
  std::string message = error.what();
  const bool nothing_known = app.get_subcommands().empty();
  if (nothing_known && count > 1 && arguments[1][0] != '-') {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(command->get_name());
    }
    const std::vector<std::string_view> known(names.begin(), names.end());
    message = fmt::format("unknown command '{}'{}", arguments[1], suggestion(arguments[1], known));
  } else if (!nothing_known) {
    const CLI::App* command = app.get_subcommands().front();
    std::vector<std::string> names;
    for (const CLI::Option* option : command->get_options()) names.push_back(option->get_name());
    const std::vector<std::string_view> known(names.begin(), names.end());
    for (int i = 2; i < count; ++i) {
      const std::string_view given = std::string_view(arguments[i]).substr(0, std::string_view(arguments[i]).find('='));
      if (!given.starts_with("--") || message.find(given) == std::string::npos) continue;
      if (std::find(known.begin(), known.end(), given) == known.end()) message += suggestion(given, known);
    }
  }
  const std::string help = nothing_known ? "halfwave --help" : "halfwave " + app.get_subcommands().front()->get_name() + " --help";
  return message + " (see `" + help + "`)";
}

int run(int count, char** arguments) {
  CLI::App app("Halfwave trains, examines and runs convolutional networks on ordinary CPUs.", "halfwave");
  app.require_subcommand(1);
  app.set_version_flag("--version", HALFWAVE_VERSION);
  app.footer(
      "Examples:\n"
      "  halfwave train lenet5 fashion-mnist            learn, with defaults that work\n"
      "  halfwave evaluate runs/lenet5-fashion-mnist    how good is it, class by class\n"
      "  halfwave predict runs/lenet5-fashion-mnist picture.png\n"
      "  halfwave nets                                  the nets that come with it\n"
      "Each command explains itself: halfwave train --help");
  add_train(app);
  add_evaluate(app);
  add_predict(app);
  add_nets(app);
  add_export(app);
  add_bench(app);
  try {
    app.parse(count, arguments);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return complain(explained(app, error, count, arguments), wrong_usage);
  }
  return 0;
}

}  // namespace
}  // namespace halfwave::tool

int main(int count, char** arguments) {
  using namespace halfwave::tool;
  try {
    return run(count, arguments);
  } catch (const UsageError& error) {
    return complain(error.what(), wrong_usage);
  } catch (const halfwave::Error& error) {
    return complain(error.what(), bad_data);
  } catch (const std::bad_alloc&) {
    return complain("not enough memory; try a smaller --batch or net", bad_data);
  } catch (const std::exception& error) {
    return complain(fmt::format("unexpected: {}", error.what()), bad_data);
  }
}
