#include "halfwave/data/csv.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "halfwave/base/error.h"
#include "halfwave/base/file.h"
#include "halfwave/base/text.h"

namespace halfwave {
namespace {

constexpr std::uint64_t csv_limit = std::uint64_t{1} << 32;

char find_separator(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  const auto count = [&](char separator) { return std::count(line.begin(), line.end(), separator); };
  char best = ',';
  for (const char candidate : {';', '\t'})
    if (count(candidate) > count(best)) best = candidate;
  return best;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view white = " \t\r";
  const std::size_t begin = text.find_first_not_of(white);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(white) - begin + 1);
}

// Row by row through the text.
class CsvParser {
 public:
  CsvParser(std::string_view text, const std::string& file)
      : text_(text), file_(file), separator_(find_separator(text)) {}

  bool at_end() const { return at_ >= text_.size(); }
  std::size_t line() const { return line_; }

  std::vector<std::string> row() {
    std::vector<std::string> cells;
    do cells.push_back(cell());
    while (take(separator_));
    if (!at_end() && !take('\n')) refuse("expected a separator behind a closing quote");
    ++line_;
    return cells;
  }

 private:
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::string cell() {
    const std::size_t end = std::min({text_.find(separator_, at_), text_.find('\n', at_), text_.size()});
    const std::string_view plain = trimmed(text_.substr(at_, end - at_));
    if (!plain.starts_with('"')) {
      at_ = end;
      return std::string(plain);
    }
    at_ = static_cast<std::size_t>(plain.data() - text_.data()) + 1;
    return quoted_cell();
  }

  std::string quoted_cell() {
    const std::size_t first_line = line_;
    std::string value;
    for (;; ++at_) {
      if (at_end()) fail("{}, line {}: a quote is opened and never closed", file_, first_line);
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        if (at_end() || text_[at_] != '"') break;
      }
      line_ += c == '\n' ? 1 : 0;
      value += c;
    }
    while (take(' ') || take('\r')) {
    }
    return value;
  }

  [[noreturn]] void refuse(std::string_view why) const { fail("{}, line {}: {}", file_, line_, why); }

  std::string_view text_;
  const std::string& file_;
  char separator_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

bool is_empty(const std::vector<std::string>& cells) { return cells.size() == 1 && cells[0].empty(); }

}  // namespace

Csv parse_csv(std::string_view text, const std::string& file) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.find('\0') != std::string_view::npos || !is_utf8(text))
    fail("{}: expected a table as text in UTF-8, got other bytes", file);
  CsvParser parser(text, file);
  Csv csv{.file = file, .header = {}, .rows = {}, .lines = {}};
  while (!parser.at_end()) {
    const std::size_t line = parser.line();
    std::vector<std::string> cells = parser.row();
    if (is_empty(cells)) continue;
    if (csv.header.empty()) {
      csv.header = std::move(cells);
      continue;
    }
    if (cells.size() != csv.header.size()) {
      fail("{}, line {}: expected {} cells, as the first line has, got {}", file, line, csv.header.size(),
           cells.size());
    }
    csv.rows.push_back(std::move(cells));
    csv.lines.push_back(line);
  }
  if (csv.rows.empty()) fail("{}: expected a line of names and rows below it, found no row", file);
  return csv;
}

Csv read_csv(const std::filesystem::path& path) {
  return parse_csv(read_file(path, csv_limit), printable(path.string()));
}

}  // namespace halfwave
