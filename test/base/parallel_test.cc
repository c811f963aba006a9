// Parallel loops: every index once, whatever the number of threads asked for and given.
#include "halfwave/base/parallel.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "common/error_message.h"

namespace halfwave {
namespace {

// How often each index came, and with which part.
struct Seen {
  std::vector<int> times, part;
  bool operator==(const Seen&) const = default;
};

Seen run(std::size_t count, std::size_t grain) {
  Seen seen{std::vector<int>(count, 0), std::vector<int>(count, -1)};
  parallel_for(count, grain, [&](std::size_t begin, std::size_t end, int part) {
    EXPECT_EQ(begin % grain, 0U);
    EXPECT_LT(begin, end);
    for (std::size_t i = begin; i < end; ++i) {
      ++seen.times[i];
      seen.part[i] = part;
    }
  });
  return seen;
}

constexpr std::array<std::size_t, 6> sizes{0, 1, 2, 5, 64, 1000};
constexpr std::array<std::size_t, 4> grains{1, 3, 64, 2000};

TEST(Parallel, MeetsEveryIndexOnce) {
  for (const int threads : {1, 2, 3, 7}) {
    const ThreadScope scope(threads);
    for (const std::size_t count : sizes) {
      for (const std::size_t grain : grains) {
        const Seen seen = run(count, grain);
        EXPECT_EQ(seen.times, std::vector<int>(count, 1)) << count << " by " << grain;
        for (const int part : seen.part) EXPECT_TRUE(part >= 0 && part < threads);
      }
    }
  }
}

// A team makes the same parts, one loop after the other, and inside them loops run on one thread.
TEST(ParallelTeam, WorksAsWithoutIt) {
  for (const int threads : {1, 2, 3, 7}) {
    const ThreadScope scope(threads);
    with_team([&] {
      EXPECT_EQ(thread_count(), threads);
      EXPECT_EQ(threads_at_work(), 1);
      for (const std::size_t count : sizes) {
        for (const std::size_t grain : grains) {
          const Seen seen = run(count, grain);
          EXPECT_EQ(seen.times, std::vector<int>(count, 1)) << count << " by " << grain;
          for (std::size_t i = 0; i < count; ++i) {
            const auto parts =
                std::min<std::size_t>(static_cast<std::size_t>(threads), (count + grain - 1) / grain);
            const auto part = static_cast<std::size_t>(seen.part[i]);
            EXPECT_LT(part, parts);
            EXPECT_GE(i / grain, (count + grain - 1) / grain * part / parts);
          }
          std::vector<int> times(count);
          parallel_for_all(count, grain, [&](std::size_t begin, std::size_t end, int) {
            EXPECT_EQ(thread_count(), threads == 1 || count <= grain ? threads : 1);
            for (std::size_t i = begin; i < end; ++i) ++times[i];
          });
          EXPECT_EQ(times, std::vector<int>(count, 1)) << count << " by " << grain;
        }
      }
    });
    EXPECT_EQ(thread_count(), threads);
  }
}

TEST(ParallelTeam, WaitsForALeaderThatHasNothingToDo) {
  const ThreadScope scope(3);
  with_team([&] {
    for (int i = 0; i < 3; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      EXPECT_EQ(run(9, 1).times, std::vector<int>(9, 1));
    }
  });
}

TEST(ParallelTeam, HandsOnWhatIsThrown) {
  const ThreadScope scope(2);
  EXPECT_EQ(message([] { with_team([] { throw Error("the leader"); }); }), "the leader");
  const auto part = [] {
    parallel_for(2, 1, [](std::size_t begin, std::size_t, int) {
      if (begin == 1) throw Error("a part");
    });
  };
  EXPECT_EQ(message([&] { with_team(part); }), "a part");
  with_team([&] {
    EXPECT_EQ(message(part), "a part");
    EXPECT_EQ(run(9, 1).times, std::vector<int>(9, 1));
  });
}

// Fewer numbers of threads inside; a team within a team, or within a loop, is none.
TEST(ParallelTeam, MayWorkInPartOrWithin) {
  const ThreadScope scope(3);
  const Seen by_three = run(100, 4);
  const Seen by_two = [] {
    const ThreadScope two(2);
    return run(100, 4);
  }();
  with_team([&] {
    {
      const ThreadScope two(2);
      EXPECT_EQ(thread_count(), 2);
      EXPECT_TRUE(run(100, 4) == by_two);
    }
    with_team([&] { EXPECT_TRUE(run(100, 4) == by_three); });
    EXPECT_EQ(thread_count(), 3);
    EXPECT_TRUE(run(100, 4) == by_three);
  });
  parallel_for(3, 1, [](std::size_t, std::size_t, int) { with_team([] { EXPECT_EQ(thread_count(), 1); }); });
}

// Also when one thread is held up, and the others do its work.
TEST(Parallel, SharesOutEveryIndexOnce) {
  for (const int threads : {1, 2, 3, 70}) {
    const ThreadScope scope(threads);
    for (const std::size_t count : sizes) {
      for (const std::size_t grain : grains) {
        std::vector<int> times(count);
        parallel_for_all(count, grain, [&](std::size_t begin, std::size_t end, int thread) {
          EXPECT_EQ(begin % grain, 0U);
          EXPECT_LT(begin, end);
          EXPECT_TRUE(thread >= 0 && thread < threads);
          EXPECT_EQ(thread_count(), threads == 1 || count <= grain ? threads : 1);
          for (std::size_t i = begin; i < end; ++i) ++times[i];
        });
        EXPECT_EQ(times, std::vector<int>(count, 1)) << count << " by " << grain;
      }
    }
  }
}

TEST(Parallel, HelpsAThreadThatIsHeldUp) {
  const ThreadScope scope(2);
  constexpr std::size_t count = 1000;
  std::atomic<std::size_t> done = 0;
  std::atomic<bool> held = false;
  std::array<std::atomic<std::size_t>, 2> by_thread{};
  parallel_for_all(count, 1, [&](std::size_t begin, std::size_t end, int thread) {
    by_thread[static_cast<std::size_t>(thread)] += end - begin;
    // The first part that is begun ends when all others have ended.
    const bool waits = !held.exchange(true);
    while (waits && done + end - begin < count) std::this_thread::yield();
    done += end - begin;
  });
  EXPECT_EQ(by_thread[0] + by_thread[1], count);
  EXPECT_LT(std::min<std::size_t>(by_thread[0], by_thread[1]), count / 8);
}

// The parts are the same when the system gives fewer threads than were asked for.
TEST(Parallel, LosesNothingWhereThreadsAreRefused) {
  const ThreadScope scope(3);
  const Seen expected = run(100, 4);
  const int levels = omp_get_max_active_levels();
  omp_set_max_active_levels(0);
  const Seen seen = run(100, 4);
  Seen by_team;
  with_team([&] { by_team = run(100, 4); });
  omp_set_max_active_levels(levels);
  EXPECT_TRUE(seen == expected);
  EXPECT_TRUE(by_team == expected);
}

// Loops inside run on their part's thread alone, and change nothing of it.
TEST(Parallel, CountsTheThreadsAtWork) {
  const ThreadScope scope(2);
  EXPECT_EQ(threads_at_work(), 1);
  std::vector<int> counts;
  parallel_for(2, 1, [&](std::size_t begin, std::size_t, int) {
    parallel_for(2, 1, [&](std::size_t, std::size_t, int) {
      if (begin == 0) counts.push_back(threads_at_work());
    });
  });
  EXPECT_EQ(counts, std::vector<int>{2});
}

TEST(Parallel, HandsOnWhatAPartThrows) {
  for (const int threads : {1, 3}) {
    const ThreadScope scope(threads);
    std::vector<int> done(3, 0);
    const auto run = [&] {
      parallel_for(3, 1, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
          if (i == 1) throw Error("part 1");
          done[i] = 1;
        }
      });
    };
    EXPECT_EQ(message(run), "part 1");
    const auto share_out = [&] {
      parallel_for_all(3, 1, [&](std::size_t, std::size_t end, int) {
        if (end == 3) throw Error("the last part");
      });
    };
    EXPECT_EQ(message(share_out), "the last part");
    EXPECT_EQ(done[0], 1);
    EXPECT_EQ(done[2], threads == 1 ? 0 : 1);
  }
}

TEST(Parallel, RunsOnOneThreadInside) {
  const ThreadScope scope(2);
  std::vector<int> inside(2, 0);
  parallel_for(2, 1, [&](std::size_t begin, std::size_t end, int) {
    for (std::size_t i = begin; i < end; ++i) inside[i] = thread_count() + omp_get_max_threads();
  });
  EXPECT_EQ(inside, (std::vector<int>{2, 2}));
  EXPECT_EQ(thread_count(), 2);
}

}  // namespace
}  // namespace halfwave
