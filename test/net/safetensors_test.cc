// The safetensors format: what is written comes back; nothing in a foreign or damaged file is believed.
#include "halfwave/net/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>

#include "common/test_folder.h"
#include "halfwave/base/file.h"
#include "net_testing.h"

namespace halfwave {
namespace {

class Safetensors : public testing::Test {
 protected:
  // What reading these bytes says; empty if they are taken.
  std::string error_of(const std::string& bytes, bool checksum_required = false) {
    write_bytes(bytes);
    const std::string error = message([&] { SafetensorsFile::read(path_, checksum_required); });
    if (error == "no error") return "";
    EXPECT_TRUE(error.starts_with(path_.string() + " is no sound safetensors file: ")) << error;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
    return error.substr(error.find(": ") + 2);
  }

  // A file of a header and data.
  static std::string file_of(const std::string& header, const std::string& data = "") {
    const std::uint64_t size = header.size();
    std::string bytes(sizeof size, '\0');
    std::memcpy(bytes.data(), &size, sizeof size);
    return bytes + header + data;
  }

  std::string small_file() {
    const std::vector<float> a{1, -2, 3.5F, 0};
    const std::vector<float> b{9};
    write_safetensors(path_, {{"net", "some \"text\"\n"}, {"other", ""}},
                      std::vector<TensorEntry>{float_entry("a", {2, 2}, a), float_entry("b.weight", {1}, b)});
    return read_file(path_, 1 << 20);
  }

  void write_bytes(const std::string& bytes) {
    // Not write_file(): that flushes each of thousands to the disk.
    std::FILE* const file = std::fopen(path_.c_str(), "wb");
    ASSERT_NE(file, nullptr);
    EXPECT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), file), bytes.size());
    std::fclose(file);
  }

  TestFolder folder_;
  std::filesystem::path path_ = folder_ / "file.safetensors";
};

TEST_F(Safetensors, ComeBackAsTheyWere) {
  small_file();
  const SafetensorsFile file = SafetensorsFile::read(path_, true);
  EXPECT_EQ(file.text("net"), "some \"text\"\n");
  EXPECT_EQ(file.text("other"), "");
  ASSERT_EQ(file.entries().size(), 2U);
  std::vector<float> a(4);
  file.copy_floats("a", std::vector<std::int64_t>{2, 2}, a);
  EXPECT_EQ(a, (std::vector<float>{1, -2, 3.5F, 0}));
  std::vector<float> b(1);
  file.copy_floats("b.weight", std::vector<std::int64_t>{1}, b);
  EXPECT_EQ(b, std::vector<float>{9});
  EXPECT_EQ(file.find("c"), nullptr);
}

TEST_F(Safetensors, KeepEveryTypeAndNoData) {
  const std::string bytes(8, 'x');
  write_safetensors(path_, {},
                    std::vector<TensorEntry>{
                        {"u8", "U8", {8}, bytes}, {"i64", "I64", {}, bytes}, {"none", "F32", {0, 5}, {}}});
  const SafetensorsFile file = SafetensorsFile::read(path_, true);
  EXPECT_EQ(file.find("u8")->bytes, bytes);
  EXPECT_EQ(file.find("i64")->bytes, bytes);
  EXPECT_EQ(file.find("i64")->dims, std::vector<std::int64_t>());
  EXPECT_EQ(file.find("none")->bytes.size(), 0U);
  write_safetensors(path_, {}, {});
  EXPECT_TRUE(SafetensorsFile::read(path_, true).entries().empty());
}

TEST_F(Safetensors, SayWhatIsMissingOrOfAnotherKind) {
  const std::string bytes(8, 'x');
  write_safetensors(path_, {}, std::vector<TensorEntry>{{"a", "F32", {2}, bytes}, {"b", "I64", {1}, bytes}});
  const SafetensorsFile file = SafetensorsFile::read(path_, true);
  std::vector<float> values(2);
  const std::string at = path_.string();
  const auto error = [&](const char* name, std::vector<std::int64_t> dims) {
    return message([&] { file.copy_floats(name, dims, values); });
  };
  EXPECT_EQ(error("c", {2}), at + ": tensor 'c' is missing");
  EXPECT_EQ(error("b", {1}), at + ": tensor 'b': expected type F32, got I64");
  EXPECT_EQ(error("a", {1, 2}), at + ": tensor 'a': expected shape [1, 2], got [2]");
  EXPECT_EQ(error("a", {}), at + ": tensor 'a': expected shape [], got [2]");
  EXPECT_EQ(message([&] { static_cast<void>(file.text("net")); }),
            at + " is no file of Halfwave: it has no 'net' in its metadata");
  EXPECT_TRUE(message([&] { SafetensorsFile::read(at + ".missing", false); }).starts_with("cannot read "));
}

TEST_F(Safetensors, RefuseWhatIsNoFile) {
  EXPECT_EQ(error_of(""), "it has only 0 bytes");
  EXPECT_EQ(error_of("1234567"), "it has only 7 bytes");
  EXPECT_EQ(error_of(std::string(8, '\xff')),
            "its header is said to have 18446744073709551615 bytes, the file has 8");
  EXPECT_EQ(error_of(std::string("\x0b\0\0\0\0\0\0\0", 8) + "{}"),
            "its header is said to have 11 bytes, the file has 10");
  // Larger than the format allows, in a file of that size (with a hole).
  write_bytes(file_of("{}"));
  std::filesystem::resize_file(path_, 100'000'020);
  std::string huge = file_of("{}");
  const std::uint64_t size = 100'000'001;
  std::memcpy(huge.data(), &size, sizeof size);
  EXPECT_NE(error_of(huge), "");
  for (const char* const header :
       {"", "x", "{", "[1, 2", "{\"a\": }", "\"text\"", "3", "null", "[]", "[1]", "\xff\xfe"}) {
    EXPECT_NE(error_of(file_of(header)), "") << header;
  }
}

TEST_F(Safetensors, RefuseDeepNesting) {
  const std::size_t depth = 1'000'000;
  EXPECT_NE(error_of(file_of(std::string(depth, '['))), "");
  EXPECT_NE(error_of(file_of("{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}")), "");
  std::string objects;
  for (std::size_t i = 0; i < depth; ++i) objects += "{\"a\":";
  EXPECT_NE(error_of(file_of(objects + "1" + std::string(depth, '}'))), "");
}

TEST_F(Safetensors, RefuseImpossibleTensors) {
  const auto tensor = [&](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return error_of(file_of(
        "{\"t\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}",
        std::string(16, 'x')));
  };
  EXPECT_EQ(tensor("F32", "[2, 2]", "[0, 16]"), "");
  EXPECT_EQ(tensor("F32", "[]", "[4, 8]"), "");
  const std::string outside = "the data of tensor 't' do not lie within the file";
  EXPECT_EQ(tensor("F32", "[2, 2]", "[0, 15]"), outside);
  EXPECT_EQ(tensor("F32", "[2, 2]", "[4, 20]"), outside);
  EXPECT_EQ(tensor("F32", "[2, 2]", "[16, 0]"), outside);
  EXPECT_EQ(tensor("F32", "[1]", "[18446744073709551612, 0]"), outside);
  EXPECT_EQ(tensor("F32", "[4]", "[18446744073709551604, 4]"), outside);
  EXPECT_EQ(tensor("F32", "[0]", "[17, 17]"), outside);
  EXPECT_EQ(tensor("F32", "[1]", "[-4, 0]"), outside);
  EXPECT_EQ(tensor("F32", "[1]", "[0, 4, 8]"), outside);
  EXPECT_EQ(tensor("F32", "[1]", "[]"), outside);
  EXPECT_EQ(tensor("F64", "[4]", "[0, 16]"), outside);
  const std::string shape = "tensor 't' has an impossible shape";
  EXPECT_EQ(tensor("F32", "[-1]", "[0, 4]"), shape);
  EXPECT_EQ(tensor("F32", "[4611686018427387904]", "[0, 0]"), shape);  // 2^64 bytes: 0
  EXPECT_EQ(tensor("F32", "[4294967296, 4294967296, 4]", "[0, 0]"), shape);
  EXPECT_EQ(tensor("F32", "[18446744073709551615]", "[0, 4]"), shape);
  EXPECT_EQ(tensor("F32", "[2, 9223372036854775807]", "[0, 16]"), shape);
  EXPECT_EQ(tensor("F31", "[1]", "[0, 4]"), "tensor 't' has the unknown type 'F31'");
  EXPECT_EQ(tensor("", "[1]", "[0, 4]"), "tensor 't' has the unknown type ''");
  // Of another kind than the format has them.
  EXPECT_NE(tensor("F32", "4", "[0, 16]"), "");
  EXPECT_NE(tensor("F32", "[\"4\"]", "[0, 16]"), "");
  EXPECT_NE(tensor("F32", "[4.5]", "[0, 16]"), "");
  EXPECT_NE(tensor("F32", "[null]", "[0, 4]"), "");
  EXPECT_NE(tensor("F32", "[[4]]", "[0, 16]"), "");
  EXPECT_NE(tensor("F32", "[4]", "[0, 16.5]"), "");
  EXPECT_NE(tensor("F32", "[4]", "[0, 1e300]"), "");
  EXPECT_NE(tensor("F32", "[4]", "{}"), "");
  EXPECT_NE(error_of(file_of("{\"t\":3}")), "");
  EXPECT_NE(error_of(file_of("{\"t\":{}}")), "");
  EXPECT_NE(error_of(file_of("{\"__metadata__\":3}")), "");
  EXPECT_NE(error_of(file_of("{\"__metadata__\":{\"a\":3}}")), "");
}

TEST_F(Safetensors, RefuseAFileWithoutChecksumWhereOneIsWanted) {
  EXPECT_EQ(error_of(file_of("{}"), true), "it has no checksum of Halfwave");
  EXPECT_EQ(error_of(file_of("{\"__metadata__\":{\"halfwave.crc32\":\"01234567\"}}"), true),
            "its checksum does not match, so it was damaged or cut");
}

TEST_F(Safetensors, RefuseAFileCutAnywhere) {
  const std::string whole = small_file();
  ASSERT_EQ(error_of(whole, true), "");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(error_of(whole.substr(0, size), true), "") << "cut at " << size;
  }
  EXPECT_NE(error_of(whole + '\0', true), "");
}

TEST_F(Safetensors, RefuseAnyFlippedBit) {
  const std::string whole = small_file();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      EXPECT_NE(error_of(damaged, true), "") << "byte " << at << ", bit " << bit;
    }
  }
}

}  // namespace
}  // namespace halfwave
