// A finished comparison as one page.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "halfwave/inspect/comparison.h"

namespace halfwave {

// An HTML file that needs no other and no network: the verdict, the tables of comparison_tables(), the
// curves, and facts that repeat it, by name.
std::string comparison_page(const Comparison& comparison, const Goal& goal, const std::string& title,
                            const std::vector<std::pair<std::string, std::string>>& facts);

}  // namespace halfwave
