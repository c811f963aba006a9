#include "halfwave/report/html.h"

#include <fmt/format.h>

#include <cctype>

#include "halfwave/report/page_files.h"
#include "halfwave/report/svg.h"

namespace halfwave {

std::string html_page(std::string_view title, std::string_view lead, std::string_view body) {
  return fmt::format(
      R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{0}</title>
<style>
{1}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<div class="top"><span class="brand">Halfwave</span><button type="button" id="theme" aria-label="light or dark">Dark</button></div>
<h1>{0}</h1>
<p class="conclusion">{2}</p>
</header>
<main id="main">
{3}</main>
<script>
{4}</script>
</body>
</html>
)",
      escaped(title), page_style, escaped(lead), body, page_script);
}

std::string html_heading(std::string_view text) {
  std::string id;
  for (const char c : text)
    id += c == ' ' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return fmt::format("<h2 id=\"{}\">{}</h2>\n", escaped(id), escaped(text));
}

std::string html_paragraph(std::string_view text) { return fmt::format("<p>{}</p>\n", escaped(text)); }

std::string html_note(std::string_view text) {
  return fmt::format("<p class=\"soft\">{}</p>\n", escaped(text));
}

std::string html_text(std::string_view text) {
  return fmt::format("<pre tabindex=\"0\">{}</pre>\n", escaped(text));
}

std::string html_facts(const std::vector<std::pair<std::string, std::string>>& facts) {
  constexpr std::size_t short_text = 60;
  std::string html = html_heading("To repeat it");
  for (const auto& [name, text] : facts) {
    html += text.find('\n') == std::string::npos && text.size() < short_text
                ? fmt::format("<p><strong>{}</strong>: {}</p>\n", escaped(name), escaped(text))
                : fmt::format("<h3>{}</h3>\n", escaped(name)) + html_text(text);
  }
  return html;
}

std::string html_table(const Table& table, std::string_view caption) {
  std::string html = "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"" + escaped(caption) +
                     "\"><table class=\"sortable\"><caption>" + escaped(caption) + "</caption>\n<thead>";
  bool head = true;
  for (const auto& row : table.rows()) {
    if (row.empty()) continue;  // a rule
    html += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) {
      html += fmt::format("<{0}{1}{2}>{3}</{0}>", head ? "th" : "td", head ? " scope=\"col\"" : "",
                          table.is_right(c) ? " class=\"right\"" : "", escaped(row[c]));
    }
    html += head ? "</tr></thead>\n<tbody>\n" : "</tr>\n";
    head = false;
  }
  return html + "</tbody></table></div>\n";
}

std::string html_figure(std::string_view svg, std::string_view caption, FigureKind kind) {
  return fmt::format("<figure class=\"{}\">{}{}</figure>\n", kind == FigureKind::chart ? "chart" : "wide",
                     svg,
                     caption.empty() ? "" : fmt::format("<figcaption>{}</figcaption>", escaped(caption)));
}

}  // namespace halfwave
