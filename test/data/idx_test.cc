#include "halfwave/data/idx.h"

#include <gtest/gtest.h>

#include "halfwave/base/random.h"
#include "sample.h"

namespace halfwave {
namespace {

const std::string six = "\x01\x02\x03\x04\x05\xff";

class IdxFile : public testing::Test {
 protected:
  Idx read(const std::string& content) {
    write_file(file_, content);
    return read_idx(file_);
  }
  // The error without the name of the file, which it must begin with.
  std::string error(const std::string& content) {
    const std::string text = message([&] { read(content); });
    const std::string start = file_.string() + ": ";
    return text.starts_with(start) ? text.substr(start.size()) : "?" + text;
  }

  TestFolder folder_;
  std::filesystem::path file_ = folder_ / "some-idx";
};

TEST_F(IdxFile, ReadsPlainAndGzipped) {
  const std::string content = idx_header({2, 1, 3}) + six;
  for (const std::string& form :
       {content, gzip(content), gzip(content.substr(0, 9)) + gzip(content.substr(9))}) {
    const Idx idx = read(form);
    EXPECT_EQ(idx.file, file_.string());
    EXPECT_EQ(idx.sizes, (std::vector<std::int64_t>{2, 1, 3}));
    EXPECT_EQ(idx.values, (std::vector<std::uint8_t>{1, 2, 3, 4, 5, 255}));
  }
  EXPECT_EQ(read(idx_header({6}) + six).sizes, (std::vector<std::int64_t>{6}));
  EXPECT_EQ(read(idx_header({1, 2, 1, 3}) + six).sizes, (std::vector<std::int64_t>{1, 2, 1, 3}));
}

TEST_F(IdxFile, ReadsMoreThanABlock) {
  std::string values(300'000, '\0');
  RandomStream random(1, RandomPurpose::test);
  for (char& value : values) value = static_cast<char>(random.below(256));
  const Idx idx = read(gzip(idx_header({300, 1000}) + values));
  EXPECT_EQ(std::string(idx.values.begin(), idx.values.end()), values);
}

TEST_F(IdxFile, IsMissingOrEmpty) {
  EXPECT_EQ(message([&] { read_idx(file_); }),
            "cannot read " + file_.string() + ": No such file or directory");
  EXPECT_EQ(error(""), "expected an idx file, got an empty one");
  EXPECT_EQ(error(gzip("")), "expected an idx file, got an empty one");
}

TEST_F(IdxFile, IsCutAnywhere) {
  const std::string content = idx_header({2, 1, 3}) + six;
  const std::string packed = gzip(content);
  const std::string end = "; the file is cut: fetch it again";
  EXPECT_EQ(error(content.substr(0, 3)),
            "expected an idx file (00 00 08, then the number of dimensions), got 00 00 08");
  for (std::size_t length = 4; length < 16; ++length) {
    EXPECT_EQ(error(content.substr(0, length)), "expected 3 sizes of 4 bytes in the header, got less" + end);
  }
  for (std::size_t length = 16; length < content.size(); ++length) {
    const std::string text = "expected 6 values (2x1x3), got " + std::to_string(length - 16) + end;
    EXPECT_EQ(error(content.substr(0, length)), text);
    EXPECT_EQ(error(gzip(content.substr(0, length))), text);
  }
  for (std::size_t length = 2; length < packed.size(); ++length) {
    EXPECT_EQ(error(packed.substr(0, length)), "the gzip data is cut; fetch the file again");
  }
}

TEST_F(IdxFile, IsDamagedGzip) {
  const std::string packed = gzip(idx_header({6}) + six);
  const auto flipped = [&](std::size_t place) {
    std::string copy = packed;
    copy[place] = static_cast<char>(copy[place] ^ 1);
    return copy;
  };
  EXPECT_EQ(error(flipped(packed.size() - 8)),
            "the gzip data is damaged (incorrect data check); fetch the file again");
  EXPECT_EQ(error(flipped(packed.size() - 1)),
            "the gzip data is damaged (incorrect length check); fetch the file again");
  EXPECT_EQ(error(flipped(2)), "the gzip data is damaged (unknown compression method); fetch the file again");
}

TEST_F(IdxFile, HasBytesLeftOver) {
  const std::string content = idx_header({2, 3}) + six;
  const std::string text = "expected 6 values (2x3), got bytes after them; fetch the file again";
  EXPECT_EQ(error(content + "x"), text);
  EXPECT_EQ(error(gzip(content + "x")), text);
  EXPECT_EQ(error(gzip(content) + "x"), text);
  EXPECT_EQ(error(gzip(content) + gzip("x")), text);
}

TEST_F(IdxFile, ClaimsTooMuch) {
  // 4,000,000,000 values in a few bytes: nothing of the kind may be allocated, plain or gzipped.
  EXPECT_EQ(error(idx_header({4'000'000'000}) + six),
            "expected 4000000000 values (4000000000), got 6; the file is cut: fetch it again");
  EXPECT_EQ(error(gzip(idx_header({4'000'000'000}) + six)),
            "expected 4000000000 values (4000000000), got 6; the file is cut: fetch it again");
  EXPECT_EQ(error(idx_header({60'000, 1'000, 1'000})),
            "the header claims 60000x1000x1000 values, more than the 4294967296 such a file may have");
  const std::uint32_t most = 0xFFFFFFFF;
  EXPECT_EQ(
      error(idx_header({most, most, most, most})),
      "the header claims 4294967295x4294967295x4294967295x4294967295 values, more than the 4294967296 such a "
      "file may have");
  // 2^64 values, which is 0 in 64 bits.
  EXPECT_EQ(
      error(idx_header({65'536, 65'536, 65'536, 65'536})),
      "the header claims 65536x65536x65536x65536 values, more than the 4294967296 such a file may have");
}

TEST_F(IdxFile, IsSomethingElse) {
  const std::string end = "expected an idx file (00 00 08, then the number of dimensions), got ";
  EXPECT_EQ(error("\x89PNG\r\n"), end + "89 50 4e 47");
  EXPECT_EQ(error(gzip("PK\x03\x04")), end + "50 4b 03 04");
  EXPECT_EQ(error(std::string("\0\0\x07\x01", 4)), end + "00 00 07 01");
  EXPECT_EQ(error(std::string("\0\0\x0d\x01", 4)),
            "expected an idx file of unsigned bytes (type 08), got 32-bit floats (type 0d); convert it");
  EXPECT_EQ(error(std::string("\0\0\x08\0", 4)), "expected 1 to 4 dimensions, got 0");
  EXPECT_EQ(error(std::string("\0\0\x08\x05", 4)), "expected 1 to 4 dimensions, got 5");
  EXPECT_EQ(error(idx_header({0, 28, 28})), "expected at least one value, got none (0x28x28)");
}

TEST_F(IdxFile, StandsMutation) {
  const std::string content = idx_header({2, 1, 3}) + six;
  const std::string packed = gzip(content);
  RandomStream random(2, RandomPurpose::test);
  for (int i = 0; i < 400; ++i) {
    std::string copy = i % 2 == 0 ? content : packed;
    for (std::uint32_t k = random.below(3) + 1; k > 0; --k) {
      copy[random.below(static_cast<std::uint32_t>(copy.size()))] = static_cast<char>(random.below(256));
    }
    const std::string text = error(copy);
    EXPECT_TRUE(text == "?no error" || !text.starts_with("?")) << text;
  }
}

}  // namespace
}  // namespace halfwave
