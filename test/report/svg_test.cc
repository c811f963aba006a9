#include "halfwave/report/svg.h"

#include <gtest/gtest.h>

namespace halfwave {
namespace {

TEST(Svg, EscapesWhatWouldBeATag) {
  EXPECT_EQ(escaped("a < b & c > \"d\""), "a &lt; b &amp; c &gt; &quot;d&quot;");
  EXPECT_EQ(escaped("caf\xe9\na\x01\n"), "caf\\xe9\na\\x01\n");
}

}  // namespace
}  // namespace halfwave
