#include "halfwave/data/table_form.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>

#include "halfwave/base/error.h"
#include "halfwave/base/text.h"

namespace halfwave {
namespace {

constexpr std::size_t most_categories = 100;
constexpr std::size_t most_classes = 20;  // a target of whole numbers with more is a quantity

std::size_t place_of(const Csv& csv, const std::string& name) {
  const auto found = std::find(csv.header.begin(), csv.header.end(), name);
  if (found == csv.header.end()) {
    const std::vector<std::string_view> known(csv.header.begin(), csv.header.end());
    fail("{}: it has no column '{}'{}", csv.file, name, suggestion(name, known));
  }
  return static_cast<std::size_t>(found - csv.header.begin());
}

// What a column of a table holds.
struct Content {
  bool numbers = true;
  bool whole = true;  // all numbers are
  std::size_t missing = 0;
  double sum = 0;
  std::set<std::string> texts;
};

Content look_at(const Csv& csv, std::size_t column) {
  Content content;
  for (const auto& row : csv.rows) {
    const std::string& cell = row[column];
    if (is_missing(cell)) {
      ++content.missing;
      continue;
    }
    content.texts.insert(cell);
    double value = 0;
    if (!parse_number(cell, value)) {
      content.numbers = false;
      continue;
    }
    content.sum += value;
    content.whole = content.whole && value == std::floor(value);
  }
  return content;
}

}  // namespace

std::size_t TableForm::values() const {
  std::size_t count = 0;
  for (const TableColumn& column : columns) count += column.values();
  return count;
}

bool is_missing(std::string_view cell) {
  static constexpr std::array<std::string_view, 9> signs{"",     "NA",   "N/A",  "NaN", "nan",
                                                         "null", "NULL", "None", "?"};
  return std::find(signs.begin(), signs.end(), cell) != signs.end();
}

bool parse_number(std::string_view cell, double& value) {
  if (cell.starts_with('+')) cell.remove_prefix(1);
  const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return code == std::errc() && end == cell.data() + cell.size() && std::isfinite(value);
}

TableForm find_form(const Csv& csv, const std::string& target, std::vector<std::string>& notes) {
  TableForm form;
  form.target = target.empty() ? csv.header.back() : target;
  const std::size_t at = place_of(csv, form.target);
  const Content wanted = look_at(csv, at);
  form.regression = wanted.numbers && (!wanted.whole || wanted.texts.size() > most_classes);
  for (std::size_t i = 0; i < csv.header.size(); ++i) {
    if (i == at) continue;
    const Content content = look_at(csv, i);
    const std::string name = printable(csv.header[i]);
    if (content.texts.size() < 2) {
      notes.push_back(fmt::format("column '{}' is left out: it is the same everywhere", name));
      continue;
    }
    if (!content.numbers && content.texts.size() > most_categories) {
      notes.push_back(
          fmt::format("column '{}' is left out: it has {} different texts", name, content.texts.size()));
      continue;
    }
    TableColumn column{.name = csv.header[i], .marks_missing = content.missing > 0};
    if (content.missing > 0) {
      notes.push_back(fmt::format("column '{}': {} of {} values are missing{}", name, content.missing,
                                  csv.rows.size(), content.numbers ? ", the mean stands for them" : ""));
    }
    if (content.numbers) {
      column.fill = content.sum / static_cast<double>(csv.rows.size() - content.missing);
    } else {
      column.categories.assign(content.texts.begin(), content.texts.end());
    }
    form.columns.push_back(std::move(column));
  }
  if (form.columns.empty()) fail("{}: no column beside '{}' can be used", csv.file, form.target);
  return form;
}

TablePlaces find_places(const TableForm& form, const Csv& csv, bool with_target) {
  TablePlaces places;
  for (const TableColumn& column : form.columns) places.columns.push_back(place_of(csv, column.name));
  places.target = with_target ? place_of(csv, form.target) : csv.header.size();
  return places;
}

void encode_row(const TableForm& form, const TablePlaces& places, const Csv& csv, std::size_t row,
                float* values) {
  for (std::size_t i = 0; i < form.columns.size(); ++i) {
    const TableColumn& column = form.columns[i];
    const std::string& cell = csv.rows[row][places.columns[i]];
    const bool missing = is_missing(cell);
    if (column.is_number()) {
      double value = column.fill;
      if (!missing && !parse_number(cell, value)) {
        fail("{}, line {}: expected a number as '{}', got '{}'", csv.file, csv.lines[row], column.name,
             printable(cell));
      }
      *values++ = static_cast<float>(value);
    } else {
      for (const std::string& category : column.categories) *values++ = !missing && cell == category ? 1 : 0;
    }
    if (column.marks_missing) *values++ = missing ? 1 : 0;
  }
}

}  // namespace halfwave
