#include "halfwave/data/loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>

#include "sample.h"

namespace halfwave {
namespace {

const Normalisation plain{.mean = {0.0F}, .deviation = {1.0F / 255}};  // x is the pixel itself

std::shared_ptr<const Dataset> numbered(std::size_t size) {
  return std::make_shared<MadeDataset>(size, Shape{.height = 1, .width = 2, .channels = 1},
                                       [](std::size_t i, std::size_t place) { return place == 0 ? i : 99; });
}

// The images of a batch, which also must agree with their labels.
std::vector<int> images(const Batch& batch) {
  std::vector<int> numbers;
  EXPECT_EQ(batch.labels.size(), static_cast<std::size_t>(batch.size));
  for (std::size_t i = 0; i < batch.labels.size(); ++i) {
    numbers.push_back(static_cast<int>(std::lround(batch.x[2 * i])));
    EXPECT_NEAR(batch.x[2 * i + 1], 99, 1e-4);
    EXPECT_EQ(batch.labels[i], numbers.back() % 10);
  }
  return numbers;
}

std::vector<std::vector<int>> take(Loader& loader, std::size_t count) {
  std::vector<std::vector<int>> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back(images(loader.next()));
  return result;
}

TEST(Loader, GivesEachImageOnceAnEpoch) {
  Loader loader(numbered(25), plain, {.batch = 10});
  EXPECT_EQ(loader.batches(), 3U);
  std::vector<std::vector<int>> orders;
  for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<int> order;
    for (std::uint64_t index = 0; index < 3; ++index) {
      const Batch& batch = loader.next();
      EXPECT_EQ(batch.epoch, epoch);
      EXPECT_EQ(batch.index, index);
      EXPECT_EQ(batch.size, index < 2 ? 10 : 5);
      const std::vector<int> part = images(batch);
      order.insert(order.end(), part.begin(), part.end());
    }
    orders.push_back(order);
    std::sort(order.begin(), order.end());
    for (int i = 0; i < 25; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  }
  EXPECT_NE(orders[0], orders[1]);
  EXPECT_NE(orders[1], orders[2]);
}

TEST(Loader, KeepsTheOrderIfAsked) {
  Loader loader(numbered(5), plain, {.batch = 3, .shuffle = false});
  const std::vector<std::vector<int>> expected{{0, 1, 2}, {3, 4}, {0, 1, 2}, {3, 4}};
  EXPECT_EQ(take(loader, 4), expected);
}

TEST(Loader, OrderComesFromSeedAndEpochAlone) {
  Loader one(numbered(50), plain, {.batch = 7, .seed = 3});
  Loader same(numbered(50), plain, {.batch = 7, .seed = 3});
  Loader other(numbered(50), plain, {.batch = 7, .seed = 4});
  const auto batches = take(one, 20);
  EXPECT_EQ(take(same, 20), batches);
  EXPECT_NE(take(other, 20), batches);
}

TEST(Loader, OrderNeverChanges) {
  // A run that an older version began must go on as it was; these were taken when the order was made.
  std::vector<std::uint32_t> order(8);
  epoch_order(1, 0, order);
  EXPECT_EQ(order, (std::vector<std::uint32_t>{7, 1, 5, 0, 3, 6, 2, 4}));
  epoch_order(1, 1, order);
  EXPECT_EQ(order, (std::vector<std::uint32_t>{3, 1, 0, 4, 6, 2, 7, 5}));
}

TEST(Loader, OrderIsFair) {
  // Each of the 24 orders of 4 in 24,000 epochs: 1,000 times, give or take 5 standard deviations of 31.
  std::vector<int> counts(256);
  std::vector<std::uint32_t> order(4);
  for (std::uint64_t epoch = 0; epoch < 24'000; ++epoch) {
    epoch_order(5, epoch, order);
    ++counts[order[0] * 64 + order[1] * 16 + order[2] * 4 + order[3]];
  }
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 0), 232);
  for (const int count : counts) {
    if (count > 0) {
      EXPECT_NEAR(count, 1'000, 155);
    }
  }
}

TEST(Loader, SeekGoesOnAsIfNeverStopped) {
  Loader whole(numbered(50), plain, {.batch = 7, .seed = 9});
  const auto batches = take(whole, 40);  // 8 an epoch
  for (const std::size_t at : {0, 1, 7, 8, 20}) {
    Loader resumed(numbered(50), plain, {.batch = 7, .seed = 9});
    resumed.seek(at / 8, at % 8);
    EXPECT_EQ(take(resumed, 10), std::vector(batches.begin() + static_cast<std::ptrdiff_t>(at),
                                             batches.begin() + static_cast<std::ptrdiff_t>(at) + 10));
  }
  whole.seek(2, 4);  // back, in the midst of the work
  EXPECT_EQ(take(whole, 2), std::vector(batches.begin() + 20, batches.begin() + 22));
  whole.seek(1, 8);  // just after the last of an epoch
  const Batch& batch = whole.next();
  EXPECT_EQ(batch.epoch, 2U);
  EXPECT_EQ(batch.index, 0U);
  EXPECT_EQ(images(batch), batches[16]);
}

TEST(Loader, Normalises) {
  const auto data = std::make_shared<MadeDataset>(
      4, Shape{.height = 1, .width = 1, .channels = 2},
      [](std::size_t i, std::size_t place) { return place == 0 ? static_cast<int>(i % 2) * 255 : 51; });
  Loader loader(data, measure_normalisation(*data), {.batch = 4, .shuffle = false});
  const Batch& batch = loader.next();
  const std::vector<float> expected{-1, 0, 1, 0, -1, 0, 1, 0};
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(batch.x[i], expected[i], 1e-7);
}

TEST(Loader, BatchMayBeLargerThanTheData) {
  Loader loader(numbered(3), plain, {.batch = std::int64_t{1} << 60, .shuffle = false});
  EXPECT_EQ(loader.batches(), 1U);
  EXPECT_EQ(take(loader, 2), (std::vector<std::vector<int>>{{0, 1, 2}, {0, 1, 2}}));
}

TEST(Loader, BatchesStayInTheirPlaces) {
  Loader loader(numbered(100), plain, {.batch = 8});
  std::vector<const float*> places;
  std::vector<const int*> label_places;
  for (int i = 0; i < 200; ++i) {
    const Batch& batch = loader.next();
    places.push_back(batch.x.data());
    label_places.push_back(batch.labels.data());
  }
  for (std::size_t i = 3; i < places.size(); ++i) {
    EXPECT_EQ(places[i], places[i - 3]);
    EXPECT_EQ(label_places[i], label_places[i - 3]);
  }
}

std::shared_ptr<const Dataset> damaged(std::size_t size, std::function<bool(std::size_t)> bad) {
  return std::make_shared<MadeDataset>(size, Shape{.height = 1, .width = 2, .channels = 1},
                                       [bad = std::move(bad)](std::size_t i, std::size_t place) {
                                         if (bad(i))
                                           throw Error("image " + std::to_string(i) + " is damaged");
                                         return place == 0 ? static_cast<int>(i) : 99;
                                       });
}

TEST(Loader, PassesOnErrors) {
  const auto data = damaged(10, [](std::size_t i) { return i == 5; });
  Loader loader(data, plain, {.batch = 2, .shuffle = false});
  EXPECT_EQ(take(loader, 2), (std::vector<std::vector<int>>{{0, 1}, {2, 3}}));
  EXPECT_EQ(message([&] { loader.next(); }), "image 5 is damaged");
  EXPECT_EQ(message([&] { loader.next(); }), "image 5 is damaged");
  loader.seek(0, 3);
  EXPECT_EQ(take(loader, 2), (std::vector<std::vector<int>>{{6, 7}, {8, 9}}));
}

TEST(Loader, AnyNumberOfThreadsGivesTheSame) {
  Loader one(numbered(200), plain, {.batch = 30, .seed = 3});
  const auto batches = take(one, 40);
  for (const int threads : {2, 3, 8}) {
    Loader many(numbered(200), plain, {.batch = 30, .seed = 3, .threads = threads});
    EXPECT_EQ(take(many, 40), batches) << threads;
    many.seek(2, 3);
    EXPECT_EQ(take(many, 5), std::vector(batches.begin() + 17, batches.begin() + 22)) << threads;
  }
}

TEST(Loader, LeavesOutWhatCannotBeReadAndTells) {
  for (const int threads : {1, 3}) {
    std::vector<std::string> told;
    Loader loader(damaged(10, [](std::size_t i) { return i == 2 || i == 5 || i == 9; }), plain,
                  {.batch = 3, .shuffle = false, .threads = threads, .on_skip = [&](const std::string& why) {
                     told.push_back(why);
                   }});
    EXPECT_EQ(take(loader, 3), (std::vector<std::vector<int>>{{0, 1}, {3, 4}, {6, 7, 8}}));
    EXPECT_EQ(told, (std::vector<std::string>{"image 2 is damaged", "image 5 is damaged"}));
    EXPECT_EQ(message([&] { loader.next(); }),
              "1 examples in a row cannot be read, the first: image 9 is damaged");
  }
}

// Whatever the threads, and from wherever it goes on.
TEST(Loader, ChangedPicturesDependOnSeedEpochAndPictureAlone) {
  const auto data = std::make_shared<MadeDataset>(
      60, Shape{.height = 8, .width = 8, .channels = 3},
      [](std::size_t i, std::size_t place) { return static_cast<int>((i * 31 + place * 7) % 256); });
  const Normalisation normalisation = measure_normalisation(*data);
  const auto values = [&](int threads, std::uint64_t batch, std::uint64_t seed = 5) {
    Loader loader(data, normalisation,
                  {.batch = 16,
                   .seed = seed,
                   .augmentation = parse_augmentation("flip,crop=2,rotate=10,jitter=0.2,cutout=3,mixup=1"),
                   .threads = threads});
    loader.seek(batch / 4, batch % 4);
    const Batch& found = loader.next();
    EXPECT_EQ(found.other_labels.size(), found.labels.size());
    EXPECT_TRUE(found.share >= 0.5 && found.share < 1);
    return std::vector<float>(found.x.data(), found.x.data() + found.size * 192);
  };
  const std::vector<float> expected = values(1, 5);
  EXPECT_EQ(values(4, 5), expected);
  EXPECT_NE(values(1, 1), expected) << "another epoch, another change";
  EXPECT_NE(values(1, 5, 6), expected);
}

TEST(Loader, MixesPairs) {
  Loader loader(numbered(7), plain, {.batch = 7, .shuffle = false, .augmentation = {.mixup = 1}});
  const Batch& batch = loader.next();
  const auto share = static_cast<float>(batch.share);
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_NEAR(batch.x[2 * i], share * static_cast<float>(i) + (1 - share) * static_cast<float>(6 - i),
                1e-5);
    EXPECT_EQ(batch.labels[i], static_cast<int>(i));
    EXPECT_EQ(batch.other_labels[i], static_cast<int>(6 - i));
  }
}

TEST(Loader, CountsTheTimeItWaits) {
  const auto slow = std::make_shared<MadeDataset>(10, Shape{.height = 1, .width = 1, .channels = 1},
                                                  [](std::size_t, std::size_t) {
                                                    std::this_thread::sleep_for(std::chrono::milliseconds(1));
                                                    return 0;
                                                  });
  Loader loader(slow, plain, {.batch = 5});
  EXPECT_EQ(loader.seconds_waited(), 0);
  loader.next();
  loader.next();
  EXPECT_GE(loader.seconds_waited(), 0.005);
}

TEST(Loader, EndsPromptlyAtAnyMoment) {
  std::atomic<int> calls = 0;
  const auto slow = std::make_shared<MadeDataset>(
      100'000, Shape{.height = 1, .width = 1, .channels = 1}, [&](std::size_t, std::size_t) {
        ++calls;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        return 0;
      });
  { Loader never_used(slow, plain, {.batch = 50'000}); }
  EXPECT_EQ(calls, 0);
  {
    // A batch takes 10 ms, so the next one is being made when this ends.
    Loader loader(slow, plain, {.batch = 50});
    loader.next();
  }
  EXPECT_LE(calls, 3 * 50);
  for (int i = 0; i < 200; ++i) {
    Loader loader(numbered(20), plain, {.batch = 3});
    for (int k = 0; k < i % 8; ++k) loader.next();
  }
}

TEST(Loader, SaysWhatIsWrong) {
  EXPECT_EQ(message([] { Loader(numbered(3), plain, {.batch = 0}); }),
            "batch: expected at least 1 image, got 0");
  EXPECT_EQ(message([] {
              Loader(numbered(3), {.mean = {0, 0, 0}, .deviation = {1, 1, 1}});
            }),
            "normalisation: expected a mean and a deviation for each of 1 channels, got 3 and 3");
  EXPECT_EQ(message([] { Loader(numbered(10), plain, {.batch = 4}).seek(2, 4); }),
            "cannot go to batch 4 of epoch 2: an epoch of this data has 3 batches");
}

}  // namespace
}  // namespace halfwave
