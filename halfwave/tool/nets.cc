// halfwave nets [NET]: what there is, and one in full.
#include <fmt/format.h>

#include <cstdio>

#include "halfwave/base/table.h"
#include "halfwave/net/built_in.h"
#include "halfwave/net/summary.h"
#include "halfwave/tool/command.h"

namespace halfwave::tool {
namespace {

struct NetsArguments {
  std::string net;
  std::string activation;
  bool toml = false;
};

void list_nets() {
  Table table({"net", "input", "parameters", "multiply-adds", "what it is"});
  table.align_right({2, 3});
  for (const BuiltInNet& built_in : built_in_nets()) {
    const Net net(built_in.make());
    table.add({std::string(built_in.name), to_string(net.input()), count_text(net.parameter_count()),
               count_text(static_cast<std::size_t>(net.multiply_adds())), std::string(built_in.description)});
  }
  fmt::print("{}\nhalfwave nets NET prints one layer by layer, with its TOML, ready to be edited.\n",
             table.text());
}

void show(const NetsArguments& options) {
  NetSpec spec = load_net(options.net);
  set_activation(spec, options.activation);
  const Net net(spec);
  if (options.toml) {
    fmt::print("{}", to_toml(net.spec()));
    return;
  }
  fmt::print(
      "{}\nThe column \"start\" names the rule for the first weights, chosen by the activation that "
      "follows:\nHe = normal with variance {}, Glorot = {}, LeCun = {}.\n\n{}",
      summary(net), variance_formula(Initialisation::he), variance_formula(Initialisation::glorot),
      variance_formula(Initialisation::lecun), to_toml(net.spec()));
  for (const std::string& warning : net.warnings()) fmt::print(stderr, "warning: {}\n", warning);
}

}  // namespace

void add_nets(CLI::App& app) {
  auto* command =
      app.add_subcommand("nets", "List the built-in nets, or print one: layers, sizes, work and TOML");
  auto options = std::make_shared<NetsArguments>();
  command->add_option("NET", options->net, "A built-in net or the path of a .toml file");
  add_activation(*command, options->activation);
  command->add_flag("--toml", options->toml,
                    "Print the TOML alone, as in: halfwave nets lenet5 --toml > my.toml");
  command->footer(
      "Examples:\n"
      "  halfwave nets\n"
      "  halfwave nets lenet5\n"
      "  halfwave nets lenet5 --activation tanh\n"
      "  halfwave nets lenet5 --toml > my.toml      # edit it, then: halfwave train my.toml fashion-mnist");
  command->callback([options] {
    if (options->net.empty() && (options->toml || !options->activation.empty())) {
      throw UsageError("--toml and --activation need a NET, as in `halfwave nets lenet5 --toml`");
    }
    options->net.empty() ? list_nets() : show(*options);
  });
}

}  // namespace halfwave::tool
