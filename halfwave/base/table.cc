#include "halfwave/base/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace halfwave {
namespace {

// Characters, not bytes: continuation bytes of UTF-8 take no room.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

Table::Table(std::vector<std::string> head) : right_(head.size(), false) {
  rows_.push_back(std::move(head));
  add_rule();
}

void Table::align_right(std::initializer_list<std::size_t> columns) {
  for (const std::size_t column : columns) right_.at(column) = true;
}

void Table::add(std::vector<std::string> row) {
  assert(row.size() == right_.size());
  rows_.push_back(std::move(row));
}

void Table::add_rule() { rows_.emplace_back(); }

std::string Table::text() const {
  std::vector<std::size_t> widths(right_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width(row[c]));
  }
  std::size_t whole = 2 * (widths.size() - 1);
  for (const std::size_t w : widths) whole += w;
  std::string result;
  for (const auto& row : rows_) {
    std::string line;
    if (row.empty()) line.assign(whole, '-');
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::size_t space = widths[c] - width(row[c]);
      line.append(c > 0 ? 2 : 0, ' ').append(right_[c] ? space : 0, ' ');
      line.append(row[c]).append(right_[c] ? 0 : space, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + "\n";
  }
  return result;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

std::string count_text(std::size_t count) {
  std::string text = std::to_string(count);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

std::string bytes_text(std::size_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes < 1000) return fmt::format("{} B", bytes);
  if (value < 1e6) return fmt::format("{:.3g} KB", value / 1e3);
  if (value < 1e9) return fmt::format("{:.3g} MB", value / 1e6);
  return fmt::format("{:.3g} GB", value / 1e9);
}

std::string duration_text(double seconds) {
  const auto whole = std::lround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02} h", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace halfwave
