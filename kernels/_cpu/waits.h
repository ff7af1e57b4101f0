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
    // Operations on few threads after one that was held up; twice as many after the next one that is, and half as many
    // where SMOOTH ones came between: beside a busy process every other one may go well, and the rest take several times
    // as long. Of a small model that is some ten milliseconds, and a few seconds at most.
    static constexpr int LEAST = 64, MOST = 8192, SMOOTH = 64;

    // To be asked once before each operation.
    bool allow() {
        if (left_.load() <= 0) return true;
        left_.fetch_sub(1);
        return false;
    }

    // What an operation on all threads took, and for how much of that the calling thread waited for the others.
    void note(int64_t waited, int64_t took) {
        if (2 * waited <= took) {
            if (smooth_.fetch_add(1) % SMOOTH == SMOOTH - 1) pause_.store(std::max(pause_.load() / 2, LEAST));
            return;
        }
        smooth_.store(0);
        left_.store(pause_.load());
        pause_.store(std::min(2 * pause_.load(), MOST));
    }

    // Whether nothing was held up lately.
    bool calm() const { return pause_.load() == LEAST; }

  private:
    std::atomic<int> left_{0}, pause_{LEAST};
    std::atomic<unsigned> smooth_{0};
};

}  // namespace mellum
