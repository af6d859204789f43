#include "exec/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

namespace nabla {
namespace {

// More than any machine of this kind has; keeps a wrong option from exhausting the system's threads.
constexpr int kMaxThreads = 1024;

// Waking a sleeping thread costs tens of microseconds, as much as a small job. A worker that has just run out
// of work looks for more this long before it sleeps, and a caller looks this long for the end of its last
// parts.
constexpr auto kSpin = std::chrono::microseconds(30);

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

template <class F>
bool spinUntil(F&& done) {
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (done()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

// Processors this process may run on. The C++ library counts those of the machine, which in a container or
// under taskset are more: their threads would only take turns.
unsigned usableProcessors() {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return static_cast<unsigned>(CPU_COUNT(&allowed));
#endif
  return std::thread::hardware_concurrency();
}

}  // namespace

int defaultThreadCount() {
  static const int count = [] {
    if (const char* text = std::getenv("NABLA_NUM_THREADS")) {
      char* end = nullptr;
      const long value = std::strtol(text, &end, 10);
      if (end != text && *end == '\0' && value >= 1)
        return static_cast<int>(std::min<long>(value, kMaxThreads));
    }
    return static_cast<int>(std::clamp(usableProcessors(), 1u, unsigned{kMaxThreads}));
  }();
  return count;
}

struct ThreadPool::Impl {
  // Lives on the stack of run(). Workers touch it only while they count in `working`.
  struct Job {
    Part part;
    void* context;
    int parts;
    int workersWanted;
    std::atomic<int> next{0};
    std::atomic<int> working{0};  // changed under the mutex; read outside of it only to spin
  };

  std::mutex mutex;
  std::condition_variable work;      // jobs have come, or stop
  std::condition_variable finished;  // some worker has left a job
  std::deque<Job*> jobs;             // those with parts nobody has taken; the front one is served next
  std::atomic<int> waiting{0};       // jobs.size(), to be watched without the mutex
  std::vector<std::thread> threads;
  bool stop = false;

  // With the mutex held: a job that wants one more worker, moved to the back so that jobs are served in turn.
  Job* pick() {
    for (size_t n = jobs.size(); n > 0; --n) {
      Job* job = jobs.front();
      jobs.pop_front();
      if (job->next.load(std::memory_order_relaxed) >= job->parts) continue;
      jobs.push_back(job);
      if (job->working.load(std::memory_order_relaxed) < job->workersWanted) return job;
    }
    waiting.store(static_cast<int>(jobs.size()), std::memory_order_relaxed);
    return nullptr;
  }

  void serve() {
    std::unique_lock lock(mutex);
    bool spun = false;
    while (!stop) {
      if (Job* job = pick()) {
        job->working.fetch_add(1, std::memory_order_relaxed);
        lock.unlock();
        // One part, then back to the queue: that is what makes concurrent jobs advance together.
        const int i = job->next.fetch_add(1, std::memory_order_relaxed);
        if (i < job->parts) job->part(job->context, i);
        lock.lock();
        // The owner may return once it reads 0 and has had the mutex; the job is not touched after this.
        if (job->working.fetch_sub(1, std::memory_order_release) == 1) finished.notify_all();
        spun = false;
      } else if (!spun) {
        lock.unlock();
        spinUntil([this] { return waiting.load(std::memory_order_relaxed) > 0; });
        lock.lock();
        spun = true;
      } else {
        work.wait(lock);
        spun = false;
      }
    }
  }

  // With the mutex held.
  void grow(int wanted) {
    wanted = std::min(wanted, kMaxThreads - 1);
    while (static_cast<int>(threads.size()) < wanted) {
      try {
        threads.emplace_back([this] { serve(); });
      } catch (...) {
        return;  // the system has no more threads: those there are will do
      }
    }
  }
};

ThreadPool::ThreadPool() : impl_(std::make_unique<Impl>()) {}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->work.notify_all();
  for (std::thread& thread : impl_->threads) thread.join();
}

std::shared_ptr<ThreadPool> ThreadPool::shared() {
  static std::mutex mutex;
  static std::weak_ptr<ThreadPool> pool;
  const std::lock_guard lock(mutex);
  std::shared_ptr<ThreadPool> held = pool.lock();
  if (held == nullptr) {
    held = std::shared_ptr<ThreadPool>(new ThreadPool);
    pool = held;
  }
  return held;
}

void ThreadPool::run(int parts, int threads, Part part, void* context) noexcept {
  const int workers = std::min(threads, parts) - 1;
  if (workers <= 0) {
    for (int i = 0; i < parts; ++i) part(context, i);
    return;
  }
  Impl& pool = *impl_;
  Impl::Job job{part, context, parts, workers};
  bool queued = false;
  {
    const std::lock_guard lock(pool.mutex);
    pool.grow(workers);
    try {
      pool.jobs.push_back(&job);
      queued = true;
    } catch (...) {
      // no memory to queue it: this thread does all of it
    }
    pool.waiting.store(static_cast<int>(pool.jobs.size()), std::memory_order_relaxed);
  }
  if (queued) {
    if (workers == 1) {
      pool.work.notify_one();
    } else {
      pool.work.notify_all();
    }
  }
  for (int i; (i = job.next.fetch_add(1, std::memory_order_relaxed)) < parts;) part(context, i);
  spinUntil([&] { return job.working.load(std::memory_order_acquire) == 0; });
  std::unique_lock lock(pool.mutex);
  std::erase(pool.jobs, &job);
  pool.waiting.store(static_cast<int>(pool.jobs.size()), std::memory_order_relaxed);
  pool.finished.wait(lock, [&] { return job.working.load(std::memory_order_acquire) == 0; });
}

}  // namespace nabla
