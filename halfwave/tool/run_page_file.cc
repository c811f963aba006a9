#include "halfwave/tool/run_page_file.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>

#include "halfwave/base/file.h"
#include "halfwave/base/parallel.h"
#include "halfwave/kernel/build_info.h"
#include "halfwave/report/run_page.h"
#include "halfwave/tool/command.h"
#include "halfwave/tool/data_choice.h"
#include "halfwave/tool/interrupt.h"
#include "halfwave/tool/progress_bar.h"
#include "halfwave/tool/run_record.h"

namespace halfwave::tool {
namespace {

// As Linux names it; empty where it does not.
std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(std::min(line.find(':') + 2, line.size()));
  }
  return {};
}

}  // namespace

std::vector<std::pair<std::string, std::string>> facts_of(const std::string& command) {
  const int threads = thread_count();
  std::vector<std::pair<std::string, std::string>> facts;
  if (!command.empty()) facts.emplace_back("Command", command);
  facts.emplace_back("This page was made with", fmt::format("Halfwave {}, {}, oneDNN {}", HALFWAVE_VERSION,
                                                            kernel::compiler(), kernel::onednn_version()));
  const std::string processor = processor_name();
  facts.emplace_back("On", fmt::format("{}{}{}, {} thread{}", processor, processor.empty() ? "" : ", ",
                                       kernel::instruction_set(), threads, threads == 1 ? "" : "s"));
  return facts;
}

bool write_run_page(const std::filesystem::path& file, const std::filesystem::path& run, const Model& model,
                    const std::shared_ptr<const Dataset>& data, const std::string& data_name,
                    ReportOptions options) {
  const Interrupt interrupt;
  ProgressBar bar;
  SkipWarning skip;
  const RunRecord record = run_record(run);
  if (record.config) options.training = record.config->train;
  options.history = record.history;
  options.progress = [&](const char* doing, double done) {
    bar.show(doing, done, "for the report");
    return !Interrupt::asked();
  };
  options.on_skip = [&](const std::string& why) { skip(why); };
  RunReport report = report_on(model, data, data_name, options);
  bar.clear();
  if (Interrupt::asked()) return false;
  report.comparison = record.comparison;
  if (record.config) {
    report.facts = facts_of(record.config->command);
    report.facts.emplace_back("Config", to_toml(*record.config));
  } else {
    report.facts = facts_of({});
    report.facts.emplace_back("Net", to_toml(model.net.spec()));
  }
  write_file(file, run_page(report));
  return true;
}

}  // namespace halfwave::tool
