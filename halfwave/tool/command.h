// The commands of the tool. Each adds itself to the command line and does its work when parsed.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "halfwave/base/error.h"
#include "halfwave/net/spec.h"

namespace halfwave::tool {

// Wrong usage of the command line: the tool returns 2 instead of 1.
class UsageError : public Error {
 public:
  using Error::Error;
};

// A rule fired where that was to be an error: the tool returns 3.
class RuleFired : public Error {
 public:
  using Error::Error;
};

// Runs a check of what was typed; its Error becomes a UsageError.
template <class Check>
auto usage(Check&& check) {
  try {
    return check();
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
}

void add_train(CLI::App& app);
void add_evaluate(CLI::App& app);
void add_inspect(CLI::App& app);
void add_compare(CLI::App& app);
void add_maps(CLI::App& app);
void add_report(CLI::App& app);
void add_experiment(CLI::App& app);
void add_predict(CLI::App& app);
void add_nets(CLI::App& app);
void add_activations(CLI::App& app);
void add_plot(CLI::App& app);
void add_data(CLI::App& app);
void add_export(CLI::App& app);
void add_bench(CLI::App& app);
void add_bench_activations(CLI::App& bench);

// The command line that this is, as a shell takes it.
std::string command_line();

// --threads, for the commands that compute; 0 is all cores.
void add_threads(CLI::App& command, int& threads);
void use_threads(int threads);

// --kernels and --exact, for the commands that run a net.
void add_kernels(CLI::App& command, std::string& kernels);

// --activation, for the commands that make a net. UsageError where it is not known or the net has no layer
// that it stands for.
void add_activation(CLI::App& command, std::string& activation);
void set_activation(NetSpec& spec, const std::string& activation);

// Whether the option of that name among TrainOptions was typed: --weight-decay for weight_decay.
bool is_given(const CLI::App& command, std::string_view train_option);

// For options that count something. CLI11 itself would take -1 for a very large number.
CLI::Validator not_negative();

}  // namespace halfwave::tool
