// An inspection as tables and words.
#pragma once

#include <span>
#include <string>

#include "halfwave/base/table.h"
#include "halfwave/inspect/finding.h"

namespace halfwave {

// A row a layer: units, zeros, and how many are dead, dormant and saturated by these thresholds ("." for
// none).
Table health_table(const Inspection& inspection, const Thresholds& thresholds);

// A row for each layer with weights.
Table gradient_table(const Inspection& inspection);

// What a finding rests on: "on 10,000 images", "by the table of epochs", or its grade.
std::string certainty_text(const Finding& finding);

// "1 finding", "3 findings".
std::string findings_text(std::size_t count);

}  // namespace halfwave
