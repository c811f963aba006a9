// Data sets of tables (CSV): rows of numbers and categories, and a class or a number to be learned.
#pragma once

#include <optional>

#include "halfwave/data/csv.h"
#include "halfwave/data/dataset.h"

namespace halfwave {

// The table's rows, split by the options if there is no table for testing. The form (see table_form.h) is
// that of the whole first table, unless options give one. Rows whose target is missing are left out, and
// told. A target of texts, or of at most 20 different whole numbers, is a class; else it is a number. Error
// when a row does not fit, or when there are fewer than two classes.
DataPair open_table(const Csv& table, const std::optional<Csv>& test, const DataOptions& options);

}  // namespace halfwave
