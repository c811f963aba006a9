#include "halfwave/report/html.h"

#include <gtest/gtest.h>

#include "text_testing.h"

namespace halfwave {
namespace {

TEST(Html, APageNeedsNothingElse) {
  const std::string page = html_page("a < b", "so & so", "<p>body</p>");
  EXPECT_TRUE(holds(page, "<title>a &lt; b</title>"));
  EXPECT_TRUE(holds(page, "<h1>a &lt; b</h1>"));
  EXPECT_TRUE(holds(page, "so &amp; so"));
  EXPECT_TRUE(holds(page, "<p>body</p>"));
  for (const char* part : {"http:", "https:", "<link rel=\"stylesheet\"", "@import", "src=\"/"})
    EXPECT_FALSE(holds(page, part)) << part;
  EXPECT_TRUE(holds(page, "prefers-color-scheme: dark"));  // the style is in it
  EXPECT_TRUE(holds(page, "setUpSorting"));                // and the script
}

TEST(Html, TablesKeepTheirCells) {
  Table table({"name", "count"});
  table.align_right({1});
  table.add({"<b>", "1,000"});
  table.add_rule();
  table.add({"c", "2"});
  const std::string html = html_table(table, "what");
  EXPECT_TRUE(
      holds(html, "<th scope=\"col\">name</th><th scope=\"col\" class=\"right\">count</th></tr></thead>"));
  EXPECT_TRUE(holds(html, "<td>&lt;b&gt;</td><td class=\"right\">1,000</td></tr>\n<tr><td>c</td>"));
  EXPECT_TRUE(holds(html, "<caption>what</caption>"));
}

TEST(Html, FactsAreShortOrWhole) {
  const std::string html = html_facts({{"Command", "halfwave train"}, {"Config", "a = 1\nb = 2\n"}});
  EXPECT_TRUE(holds(html, "<strong>Command</strong>: halfwave train"));
  EXPECT_TRUE(holds(html, "<pre tabindex=\"0\">a = 1\nb = 2\n</pre>"));
  EXPECT_TRUE(holds(html, "<h2 id=\"to-repeat-it\">"));
}

}  // namespace
}  // namespace halfwave
