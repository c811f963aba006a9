// A trained model as one page.
#pragma once

#include <string>

#include "halfwave/report/run_report.h"

namespace halfwave {

// What it is in one or two sentences: how good, and what is wrong.
std::string conclusion_text(const RunReport& report);

// An HTML file that needs no other and no network, below 2 MB: the conclusion, curves, confusions, findings,
// health of the layers, gradients, histograms, maps, a filter that slides, and what repeats it.
std::string run_page(const RunReport& report);

}  // namespace halfwave
