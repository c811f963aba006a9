// Tables and numbers as people read them.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

namespace halfwave {

// A table of text with a head and aligned columns, for a fixed-width font.
class Table {
 public:
  explicit Table(std::vector<std::string> head);

  void align_right(std::initializer_list<std::size_t> columns);
  void add(std::vector<std::string> row);  // as many cells as the head has
  void add_rule();                         // a line across
  std::string text() const;                // each row ends in a line break

  // The first is the head; an empty one is a rule.
  const std::vector<std::vector<std::string>>& rows() const { return rows_; }
  bool is_right(std::size_t column) const { return right_[column]; }

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<bool> right_;
};

// A text as a cell of CSV: in quotes where it needs them.
std::string csv_cell(const std::string& text);

std::string count_text(std::size_t count);  // "61,706"
std::string bytes_text(std::size_t bytes);  // "3.1 KB", "12 MB"
std::string duration_text(double seconds);  // "4 s", "2:05 min", "1:02:05 h"

}  // namespace halfwave
