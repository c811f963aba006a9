// The page of a trained model, as a file.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "halfwave/report/run_report.h"

namespace halfwave::tool {

// What repeats a run or a comparison: the command; and what a page is made with, now and here: versions, the
// machine, threads.
std::vector<std::pair<std::string, std::string>> facts_of(const std::string& command);

// Looks at the model with a progress bar and writes the page. run: a run's folder, whose history and config
// come into the page, or a model file. Returns false where Ctrl-C came first, and nothing was written.
bool write_run_page(const std::filesystem::path& file, const std::filesystem::path& run, const Model& model,
                    const std::shared_ptr<const Dataset>& data, const std::string& data_name,
                    ReportOptions options);

}  // namespace halfwave::tool
