// Pages that need nothing but themselves: no network, no other file. Style and script are in page/.
// Charts are the SVG pictures that the tool also writes to files, made once; a library of charts in the
// page's script would draw them a second way, not be seen without script, and be larger than all else.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "halfwave/base/table.h"

namespace halfwave {

// A whole page around a body. main and what is in it are the body's; the title is its heading too, with the
// lead below it.
std::string html_page(std::string_view title, std::string_view lead, std::string_view body);

std::string html_heading(std::string_view text);  // with an id: its letters, "-" between words
std::string html_paragraph(std::string_view text);
std::string html_note(std::string_view text);  // a paragraph that explains
std::string html_text(std::string_view text);  // as it is, lines and spaces
// Under the heading "To repeat it": names, each with a text.
std::string html_facts(const std::vector<std::pair<std::string, std::string>>& facts);

// A table, the columns of which can be sorted.
std::string html_table(const Table& table, std::string_view caption);

inline constexpr double page_chart_width = 400;

// A picture with what it shows below it (nothing where that is empty). A chart takes the colours of the page;
// others stay as they are, on white, and can be scrolled where they are wider than the page.
enum class FigureKind { chart, wide };
std::string html_figure(std::string_view svg, std::string_view caption, FigureKind kind = FigureKind::chart);

}  // namespace halfwave
