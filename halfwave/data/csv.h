// Tables as text: CSV (RFC 4180), with commas, semicolons or tabs between the cells. Nothing in a file is
// trusted.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace halfwave {

struct Csv {
  std::string file;                            // its path, for messages
  std::vector<std::string> header;             // the first line
  std::vector<std::vector<std::string>> rows;  // each of as many cells as the header
  std::vector<std::size_t> lines;              // by row: the line it begins on, from 1
};

// Cells in double quotes may hold separators, line breaks and, doubled, quotes; white space around other
// cells is cut off. The separator is the one that the first line has most of; empty lines are passed over; a
// byte order mark and either kind of line end are fine. Error, with the line, when a row has more or fewer
// cells than the header, a quote is not closed, the text is not UTF-8 or holds a zero byte, or there is no
// row.
Csv parse_csv(std::string_view text, const std::string& file);
Csv read_csv(const std::filesystem::path& path);

}  // namespace halfwave
