#include "halfwave/report/comparison_page.h"

#include "halfwave/report/comparison_report.h"
#include "halfwave/report/html.h"
#include "halfwave/report/line_chart.h"

namespace halfwave {

std::string comparison_page(const Comparison& comparison, const Goal& goal, const std::string& title,
                            const std::vector<std::pair<std::string, std::string>>& facts) {
  static constexpr const char* headings[] = {"Ranking", "Units and speed", "Gradients by layer"};
  const std::vector<NotedTable> tables = comparison_tables(comparison, goal);
  std::string body;
  for (std::size_t i = 0; i < tables.size(); ++i)
    body += html_heading(headings[i]) + html_table(tables[i].table, tables[i].note);
  if (const std::string failures = failures_text(comparison); !failures.empty())
    body += html_heading("What failed") + html_text(failures);
  body += html_heading("How they learned") + "<div class=\"charts\">\n";
  const LineChart whole = comparison_chart(comparison, {});
  LineChart chart = whole;
  for (const LinePanel& panel : whole.panels) {
    chart.panels = {panel};
    body += html_figure(
        line_chart_svg(chart, page_chart_width),
        panel.label + " by epoch: means over the seeds, with a band from the lowest to the highest");
  }
  return html_page(title, comparison_verdict(comparison), body + "</div>\n" + html_facts(facts));
}

}  // namespace halfwave
