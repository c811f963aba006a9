#include "halfwave/data/picture_list.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "sample.h"

namespace halfwave {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

class PictureLists : public testing::Test {
 protected:
  void put(const std::string& name) {
    make_folder((folder_ / name).parent_path());
    write_file(folder_ / name, "x");
  }
  // "class path", with paths below the folder.
  Strings texts(const PictureList& list, const std::vector<PictureFile>& files) const {
    Strings result;
    for (const PictureFile& file : files) {
      result.push_back(list.classes.at(static_cast<std::size_t>(file.label)) + " " +
                       file.path.lexically_relative(folder_.path()).string());
    }
    return result;
  }
  PictureList list() const { return list_class_folders(folder_.path()); }
  TestFolder folder_;
};

TEST_F(PictureLists, OfClassFolders) {
  put("dog/b.jpg");
  put("dog/a.jpg");
  put("cat/deep/er/1.png");
  put("cat/2.png");
  put(".git/config");
  put("cat/.DS_Store");
  put("dog/Thumbs.db");
  make_folder(folder_ / "empty");
  put("README.md");
  const PictureList all = list();
  EXPECT_EQ(all.layout, "class folders");
  EXPECT_EQ(all.classes, (Strings{"cat", "dog"}));
  EXPECT_EQ(texts(all, all.train),
            (Strings{"cat cat/2.png", "cat cat/deep/er/1.png", "dog dog/a.jpg", "dog dog/b.jpg"}));
  EXPECT_TRUE(all.test.empty());
  EXPECT_EQ(all.skipped, Strings{(folder_ / "README.md").string() + ": it lies beside the class folders"});
  EXPECT_EQ(all.notes, Strings{"class 'empty' has no files: it is left out"});
}

TEST_F(PictureLists, OfPartsBesideEachOther) {
  for (const char* name : {"Train/cat/1", "Train/dog/2", "val/cat/3", "val/cow/4", "other/x"}) put(name);
  make_folder(folder_ / "Train/cow");
  const PictureList all = list();
  EXPECT_EQ(all.layout, "class folders in Train/ and val/");
  EXPECT_EQ(all.classes, (Strings{"cat", "cow", "dog"}));
  EXPECT_EQ(texts(all, all.train), (Strings{"cat Train/cat/1", "dog Train/dog/2"}));
  EXPECT_EQ(texts(all, all.test), (Strings{"cat val/cat/3", "cow val/cow/4"}));
  EXPECT_EQ(all.notes,
            (Strings{"class 'cow' has files for testing, but none for training: it cannot be learned",
                     "class 'dog' has no files for testing"}));
}

TEST_F(PictureLists, TestGoesBeforeValidation) {
  for (const char* name : {"train/a/1", "test/a/2", "val/a/3"}) put(name);
  const PictureList all = list();
  EXPECT_EQ(texts(all, all.test), Strings{"a test/a/2"});
  EXPECT_EQ(all.notes, Strings{"val is not used: test is the part for testing"});
}

TEST_F(PictureLists, OnlyATrainingPart) {
  put("train/a/1");
  put("train/b/1");
  const PictureList all = list();
  EXPECT_EQ(all.layout, "class folders in train/");
  EXPECT_EQ(all.train.size(), 2U);
  EXPECT_TRUE(all.test.empty());
}

TEST_F(PictureLists, OfStrangeNames) {
  const Strings names{"a b", "it's \"it\"", "two\nlines", "\xff\xfe", "\xc3\xa4hre", "tab\there"};
  for (const std::string& name : names) put(name + "/" + name + ".png");
  const PictureList all = list();
  EXPECT_EQ(all.classes,
            (Strings{"\\xff\\xfe", "a b", "it's \"it\"", "tab\\there", "two\\nlines", "\xc3\xa4hre"}));
  ASSERT_EQ(all.train.size(), 6U);
  for (const PictureFile& file : all.train) EXPECT_EQ(read_file(file.path, 10), "x");
}

TEST_F(PictureLists, LinksAreFollowedButNotInCircles) {
  put("a/1");
  put("b/2");
  fs::create_directory_symlink(folder_ / "a", folder_ / "a/self");
  fs::create_directory_symlink(folder_.path(), folder_ / "b/up");
  fs::create_directory_symlink(folder_ / "a", folder_ / "c");
  fs::create_symlink(folder_ / "nowhere", folder_ / "a/broken");
  const PictureList all = list();
  EXPECT_EQ(all.classes, (Strings{"a", "b", "c"}));
  // Through b/up lie a, b itself and c again, each but for its circles.
  const Strings found = texts(all, all.train);
  for (const char* expected : {"a a/1", "b b/2", "b b/up/a/1", "c c/1"})
    EXPECT_NE(std::find(found.begin(), found.end(), expected), found.end()) << expected;
  EXPECT_LT(all.train.size(), 20U);
  const auto told = [&](const std::string& part) {
    return std::any_of(all.skipped.begin(), all.skipped.end(),
                       [&](const std::string& text) { return text.find(part) != std::string::npos; });
  };
  EXPECT_TRUE(told("a/self: a link in a circle"));
  EXPECT_TRUE(told("a/broken: a link to what is not there"));
}

TEST_F(PictureLists, PipesAndDevicesAreLeftOut) {
  put("a/1");
  put("b/1");
  ASSERT_EQ(::mkfifo((folder_ / "a/pipe").c_str(), 0600), 0);
  EXPECT_EQ(list().skipped, Strings{(folder_ / "a/pipe").string() + ": it is no file"});
}

TEST_F(PictureLists, FoldersThatCannotBeReadAreLeftOut) {
  put("a/1");
  put("b/1");
  put("b/deep/2");
  fs::permissions(folder_ / "b/deep", fs::perms::none);
  std::error_code code;
  if (fs::directory_iterator(folder_ / "b/deep", code); !code)
    GTEST_SKIP() << "this user may read everything";
  const PictureList all = list();
  fs::permissions(folder_ / "b/deep", fs::perms::owner_all);
  EXPECT_EQ(all.train.size(), 2U);
  EXPECT_EQ(all.skipped,
            Strings{"cannot read the folder " + (folder_ / "b/deep").string() + ": Permission denied"});
}

TEST_F(PictureLists, SaysWhatIsWrong) {
  const std::string place = folder_.string();
  const std::string expected = place + ": expected pictures in class folders, as in " + place +
                               "/cat/1.jpg and " + place +
                               "/dog/2.png (or in train/cat and test/cat), found none";
  EXPECT_EQ(message([&] { list(); }), expected);
  put("1.jpg");
  EXPECT_EQ(message([&] { list(); }), expected);
  make_folder(folder_ / "cat");
  EXPECT_EQ(message([&] { list(); }), expected);
  EXPECT_EQ(message([&] { list_class_folders(folder_ / "none"); }),
            "cannot read the folder " + place + "/none: No such file or directory");
}

TEST_F(PictureLists, OfATable) {
  const auto of = [&](const std::string& text) {
    return list_pictures_of(parse_csv(text, (folder_ / "l.csv").string()));
  };
  PictureList all = of("File,Class\na/1.png,cat\n\"b, c.png\",dog\n");
  EXPECT_EQ(all.layout, "a list of pictures");
  EXPECT_EQ(texts(all, all.train), (Strings{"cat a/1.png", "dog b, c.png"}));
  EXPECT_TRUE(all.test.empty());
  all = of("split,label,path\ntest,0,x\nTRAIN,1,y\nval,1,/z\n");
  EXPECT_EQ(texts(all, all.train), Strings{"1 y"});
  EXPECT_EQ(all.test.back().path, "/z");
  EXPECT_TRUE(is_picture_list(parse_csv("image,label\n1,2", "t")));
  EXPECT_FALSE(is_picture_list(parse_csv("height,label\n1,2", "t")));
  EXPECT_FALSE(is_picture_list(parse_csv("path,height\n1,2", "t")));
  const std::string file = (folder_ / "l.csv").string();
  EXPECT_EQ(message([&] { of("path,label\na,1\n,2\n"); }), file + ", line 3: its 'path' is empty");
  EXPECT_EQ(message([&] { of("path,label\na,\n"); }), file + ", line 2: its 'label' is empty");
  EXPECT_EQ(message([&] { of("path,label,part\na,1,rest\n"); }),
            file + ", line 2: expected train, test or val as 'part', got 'rest'");
}

}  // namespace
}  // namespace halfwave
