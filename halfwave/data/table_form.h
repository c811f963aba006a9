// How a row of a table becomes the values that a net sees: numbers as they are, categories one value each (1
// for the row's, else 0), and what stands for what is missing. A model keeps its form, so that it can read
// other tables.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "halfwave/data/csv.h"

namespace halfwave {

struct TableColumn {
  std::string name;
  std::vector<std::string> categories{};  // empty: the column holds numbers
  double fill = 0;                        // numbers: the mean, for where they are missing
  bool marks_missing = false;             // whether a further value says that it is missing (1, else 0)

  bool is_number() const { return categories.empty(); }
  std::size_t values() const { return (is_number() ? 1 : categories.size()) + (marks_missing ? 1 : 0); }
  bool operator==(const TableColumn&) const = default;
};

struct TableForm {
  std::vector<TableColumn> columns;  // inputs, in their order
  std::string target;                // the column to be learned
  bool regression = false;           // whether that is a number, not a class

  std::size_t values() const;  // a row
  bool operator==(const TableForm&) const = default;
};

// Whether a cell says that there is nothing: empty, NA, N/A, NaN, null, None or ?.
bool is_missing(std::string_view cell);

// Whether a cell is a finite number; if so, that is its value.
bool parse_number(std::string_view cell, double& value);

// The form of the table's columns. A column is one of numbers if all of its cells are, or are missing; else
// of categories. Columns with more than 100 categories, or one, are left out, and why is added to notes.
// target: a column's name (empty: the last one). Error when there is no such column, or no other one that can
// be used.
TableForm find_form(const Csv& csv, const std::string& target, std::vector<std::string>& notes);

// Where the form's columns, and its target, stand in a table. Error naming the first that is not there.
struct TablePlaces {
  std::vector<std::size_t> columns;
  std::size_t target = 0;  // csv.header.size() if it was not asked for
};
TablePlaces find_places(const TableForm& form, const Csv& csv, bool with_target);

// Writes form.values() values of a row. A category that the form does not know is none of its own. Error,
// with the line, when a cell of a column of numbers is no number.
void encode_row(const TableForm& form, const TablePlaces& places, const Csv& csv, std::size_t row,
                float* values);

}  // namespace halfwave
