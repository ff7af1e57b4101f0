// Whether short operations may take all threads: not for a while after one that waited for them most of its time.
//
// A thread that shares its core with another process holds up all others at the end of each operation. Nothing tells
// beforehand; an operation that was held up does, and so does one that is tried again later.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace mellum {

class Waits {
  public:
    // Operations on few threads after one that was held up; twice as many each time that the next trial is, too. Of a
    // small model that is some ten milliseconds, and a few seconds at most.
    static constexpr int LEAST = 64, MOST = 8192;

    // To be asked once before each operation.
    bool allow() {
        if (left_.load() <= 0) return true;
        left_.fetch_sub(1);
        return false;
    }

    // What an operation on all threads took, and for how much of that the calling thread waited for the others.
    void note(int64_t waited, int64_t took) {
        if (2 * waited <= took) {
            pause_.store(LEAST);
            return;
        }
        left_.store(pause_.load());
        pause_.store(std::min(2 * pause_.load(), MOST));
    }

  private:
    std::atomic<int> left_{0}, pause_{LEAST};
};

}  // namespace mellum
