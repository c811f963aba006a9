// Damaged files of every format, by a seed: each must be refused or left out by name, or give what it says,
// soon. HALFWAVE_MUTATIONS=2000 runs the long version.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>

#include "halfwave/base/random.h"
#include "halfwave/data/cifar.h"
#include "picture_file.h"
#include "sample.h"

namespace halfwave {
namespace {

namespace fs = std::filesystem;

std::size_t count_of_mutations() {
  const char* text = std::getenv("HALFWAVE_MUTATIONS");
  return text != nullptr ? std::stoul(text) : 300;
}

std::uint32_t place_below(RandomStream& random, std::size_t limit) {
  return random.below(static_cast<std::uint32_t>(limit));
}

// Up to four changes: bytes set, bits turned over, parts cut off, left out, doubled, or taken from another
// file.
std::string mutated(std::string bytes, const std::string& other, RandomStream& random) {
  for (std::uint32_t change = random.below(4) + 1; change > 0 && !bytes.empty(); --change) {
    // The beginning, where the sizes are, is hit as often as all of the rest.
    const std::size_t reach = random.below(2) == 0 ? std::min<std::size_t>(bytes.size(), 64) : bytes.size();
    const std::size_t at = place_below(random, reach);
    const std::size_t length = std::min<std::size_t>(bytes.size() - at, random.below(40) + 1);
    switch (random.below(7)) {
      case 0:
        bytes[at] = static_cast<char>(random.below(256));
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        break;
      case 2:
        bytes[at] = static_cast<char>(random.below(2) == 0 ? 0 : 255);
        break;
      case 3:
        bytes.resize(at);
        break;
      case 4:
        bytes.erase(at, length);
        break;
      case 5:
        bytes.insert(at, bytes.substr(at, length));
        break;
      default:
        bytes.replace(at, length, other.substr(place_below(random, other.size()), length));
    }
  }
  return bytes;
}

class Mutation : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& content) const {
    make_folder((folder_ / name).parent_path());
    write_file(folder_ / name, content);
  }

  // Opens the data, and calls check where that succeeds. Says whether it did.
  bool open(const fs::path& data, const std::string& named,
            const std::function<void(const DataPair&)>& check) {
    const auto start = std::chrono::steady_clock::now();
    bool opened = false;
    try {
      const DataPair pair = open_data(data.string());
      opened = true;
      check(pair);
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
    return opened;
  }
  TestFolder folder_;
};

TEST_F(Mutation, PicturesAreReadOrLeftOutByName) {
  const auto kinds = every_kind_of_file(distinct_picture(12, 16, 3));
  for (const char* name : {"a/good.png", "a/fine.png", "b/good.png", "b/fine.png"})
    put(name, kinds[2].second);
  RandomStream random(17, RandomPurpose::test);
  std::size_t left_out = 0;
  const std::size_t all = count_of_mutations();
  for (std::size_t i = 0; i < all; ++i) {
    const auto& [kind, whole] = kinds[i % kinds.size()];
    const std::string& other = kinds[random.below(static_cast<std::uint32_t>(kinds.size()))].second;
    const std::string name = "b/mutated." + kind;
    put(name, mutated(whole, other, random));
    SCOPED_TRACE(kind + ", mutation " + std::to_string(i));
    const bool opened = open(folder_.path(), name, [&](const DataPair& pair) {
      ASSERT_LE(pair.skipped.size(), 1U);
      left_out += pair.skipped.size();
      if (!pair.skipped.empty()) {
        EXPECT_NE(pair.skipped[0].find(name), std::string::npos) << pair.skipped[0];
      }
      EXPECT_EQ(pair.train->size() + pair.test->size() + pair.skipped.size(), 5U);
      for (const auto& part : {pair.train, pair.test}) {
        std::vector<float> values(part->shape().size());
        for (std::size_t k = 0; k < part->size(); ++k) {
          part->get(k, values.data());
          // The class is the folder's, whatever the file holds.
          const std::string path = part->name(k);
          const bool in_b = path.find("/b/") != std::string::npos;
          EXPECT_EQ(part->label(k), in_b ? 1 : 0) << path;
        }
      }
    });
    EXPECT_TRUE(opened) << "one bad file spoils the others";
    fs::remove(folder_ / name);
  }
  // Most mutations hit something that is checked.
  EXPECT_GT(left_out, all / 2);
}

TEST_F(Mutation, IdxAndCifarFilesAreRefusedByNameOrKeepTheirLabels) {
  std::string pixels;
  for (int i = 0; i < 6 * 9; ++i) pixels += static_cast<char>(i);
  std::string record = "\x03";
  for (int i = 0; i < 3072; ++i) record += static_cast<char>(i % 251);
  const std::string labels = idx_header({6}) + std::string("\0\1\2\0\1\2", 6);
  const std::map<std::string, std::string> idx{{"idx/train-images", idx_header({6, 3, 3}) + pixels},
                                               {"idx/train-labels", labels},
                                               {"idx/t10k-images", gzip(idx_header({6, 3, 3}) + pixels)},
                                               {"idx/t10k-labels", gzip(labels)}};
  const std::map<std::string, std::string> cifar{{"cifar/data_batch_1.bin", record + record},
                                                 {"cifar/test_batch.bin", record}};
  RandomStream random(18, RandomPurpose::test);
  std::size_t opened = 0;
  const std::size_t all = count_of_mutations();
  for (const auto& files : {idx, cifar})
    for (const auto& [name, whole] : files) put(name, whole);
  const std::string sound = open_data((folder_ / "idx").string()).test->fingerprint();
  for (std::size_t i = 0; i < all; ++i) {
    const auto& files = i % 3 == 0 ? cifar : idx;
    auto file = files.begin();
    std::advance(file, random.below(static_cast<std::uint32_t>(files.size())));
    const std::string bytes = mutated(file->second, pixels, random);
    put(file->first, bytes);
    SCOPED_TRACE(file->first + ", mutation " + std::to_string(i));
    // A number in a plain file that became another valid one cannot be noticed; gzip's checksum does.
    const bool sealed = file->second.starts_with("\x1f\x8b");
    opened +=
        open(folder_ / fs::path(file->first).parent_path(), fs::path(file->first).parent_path().string(),
             [&](const DataPair& pair) {
               if (sealed) {
                 EXPECT_EQ(pair.test->fingerprint(), sound);
               }
               for (const auto& part : {pair.train, pair.test}) {
                 for (std::size_t k = 0; k < part->size(); ++k) {
                   EXPECT_GE(part->label(k), 0);
                   EXPECT_LT(static_cast<std::size_t>(part->label(k)), part->classes().size());
                 }
               }
             })
            ? 1
            : 0;
    put(file->first, file->second);
  }
  EXPECT_LT(opened, all);
}

TEST_F(Mutation, TablesAndListsAreRefusedByNameOrRead) {
  std::string table = "size,city,price\n";
  std::string list = "path,label,split\n";
  for (int i = 0; i < 12; ++i) {
    table += fmt::format("{}.5,{},{}\n", i, i % 2 == 0 ? "\"big, old\"" : "NA", i * 100 + 1);
    list += fmt::format("{}.png,{},{}\n", i, i % 2 == 0 ? "a" : "b", i < 8 ? "train" : "test");
    put(fmt::format("{}.png", i), every_kind_of_file(distinct_picture(3, 3, 3))[2].second);
  }
  RandomStream random(19, RandomPurpose::test);
  const std::size_t all = count_of_mutations();
  for (std::size_t i = 0; i < all; ++i) {
    const bool is_table = i % 2 == 0;
    const std::string name = is_table ? "table.csv" : "list.csv";
    put(name, mutated(is_table ? table : list, is_table ? list : table, random));
    SCOPED_TRACE(name + ", mutation " + std::to_string(i));
    open(folder_ / name, name, [&](const DataPair& pair) {
      for (const auto& part : {pair.train, pair.test}) {
        std::vector<float> values(part->shape().size());
        for (std::size_t k = 0; k < part->size(); ++k) {
          part->get(k, values.data());
          EXPECT_LT(static_cast<std::size_t>(part->label(k)), part->classes().size());
        }
      }
    });
  }
}

}  // namespace
}  // namespace halfwave
