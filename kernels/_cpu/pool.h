// Threads that share the parts of one operation, and wait for the next one without being woken where it comes soon.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "waits.h"

namespace mellum {

class Pool {
  public:
    // The one that computes what the calling thread is at; see `Work`.
    static Pool& shared() { return *current(); }

    // So many threads, the calling one among them, for passes over one row and for those over SEVERAL or more. A pass
    // of a few rows has short operations: a thread that shares its core with another process holds up each of them, and
    // the pass takes several times as long as with one thread less. So it takes all threads as long as they do not wait
    // for each other. With MANY rows the operations are long, and it takes them always.
    static void resize(int few, int many) {
        pools()[0].resize(few);
        pools()[1].resize(many == few ? 1 : many);  // the same number needs no threads of its own
    }

    static constexpr int SEVERAL = 2, MANY = 8;

    // While it lives, operations of the calling thread are those of a pass over so many rows; within another one it
    // changes nothing.
    class Work {
      public:
        explicit Work(int rows) : outermost_(!working()), watched_(outermost_ && rows < MANY) {
            if (!outermost_) return;
            working() = true;
            Pool& all = pools()[1];
            if (rows < SEVERAL || all.threads() < 2 || (watched_ && !waits().allow())) return;
            current() = &all;
            if (!watched_) return;
            waited() = 0;
            started_ = nanoseconds();
        }
        ~Work() {
            if (!outermost_) return;
            if (watched_ && current() == &pools()[1]) waits().note(waited(), nanoseconds() - started_);
            current() = &pools()[0];
            working() = false;
        }

      private:
        bool outermost_, watched_;
        int64_t started_ = 0;
    };

    // How many threads compute, the calling one among them.
    void resize(int threads) {
        std::lock_guard<std::mutex> one(use_);
        stop();
        const int seen = turn_.load();
        for (int i = 1; i < threads; i++) workers_.emplace_back([this, seen] { work(seen); });
    }

    int threads() const { return int(workers_.size()) + 1; }

    // Call `part(i)` for all i below `count`, in any order and on any thread; return when all have been done.
    void run(int count, const std::function<void(int)>& part) {
        if (workers_.empty() || count < 2) {
            for (int i = 0; i < count; i++) part(i);
            return;
        }
        std::lock_guard<std::mutex> one(use_);
        part_ = &part;
        count_ = count;
        next_.store(0);
        busy_.store(int(workers_.size()));
        {
            std::lock_guard<std::mutex> lock(mutex_);
            turn_.fetch_add(1);
        }
        wake_.notify_all();
        take();
        if (busy_.load() == 0) return;
        const int64_t since = nanoseconds();
        while (busy_.load() > 0) pause();
        waited() += nanoseconds() - since;
    }

  private:
    static Pool* pools() {
        static Pool* both = new Pool[2];  // never deleted: threads may outlive the statics of the process
        return both;
    }

    static Pool*& current() {
        thread_local Pool* mine = &pools()[0];
        return mine;
    }

    // Whether the calling thread is within a Work.
    static bool& working() {
        thread_local bool mine = false;
        return mine;
    }

    static Waits& waits() {
        static Waits* all = new Waits;
        return *all;
    }

    // How long the calling thread has waited for others, in its present work.
    static int64_t& waited() {
        thread_local int64_t mine = 0;
        return mine;
    }

    static int64_t nanoseconds() {
        return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
    }

    // How long a thread is ready for the next operation before it sleeps: what lies between two passes of one answer, of
    // which the shorter ones take a millisecond. A sleeping one comes too late for the first operation that wants it.
    // Beside other processes what lies between two operations of a pass: who has waited long is held up sooner.
    static constexpr int64_t READY_NANOSECONDS = 400000, BRIEFLY_NANOSECONDS = 20000;
    static constexpr int PAUSES = 16;  // between two looks at the clock: some are a few cycles long, some a hundred

    void take() {
        for (int i; (i = next_.fetch_add(1)) < count_;) (*part_)(i);
    }

    void work(int seen) {
        for (;;) {
            const int64_t since = nanoseconds(), most = waits().calm() ? READY_NANOSECONDS : BRIEFLY_NANOSECONDS;
            do {
                for (int i = 0; i < PAUSES && turn_.load() == seen; i++) pause();
            } while (turn_.load() == seen && nanoseconds() - since < most);
            if (turn_.load() == seen) {
                std::unique_lock<std::mutex> lock(mutex_);
                wake_.wait(lock, [&] { return turn_.load() != seen; });
            }
            seen = turn_.load();
            if (ended_) return;
            take();
            busy_.fetch_sub(1);
        }
    }

    void stop() {
        if (workers_.empty()) return;
        {
            std::lock_guard<std::mutex> lock(mutex_);
            ended_ = true;
            turn_.fetch_add(1);
        }
        wake_.notify_all();
        for (auto& worker : workers_) worker.join();
        workers_.clear();
        ended_ = false;
    }

    static void pause() {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#else
        std::this_thread::yield();
#endif
    }

    std::vector<std::thread> workers_;
    std::mutex use_, mutex_;
    std::condition_variable wake_;
    std::atomic<int> turn_{0}, next_{0}, busy_{0};
    const std::function<void(int)>* part_ = nullptr;
    int count_ = 0;
    bool ended_ = false;
};

}  // namespace mellum
