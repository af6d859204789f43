// One pool of worker threads per process, shared by all environments that hold it.
//
// A job is a number of parts; the caller works on its own job's parts together with the workers and returns
// when all are done, so a job makes progress even if every worker is busy elsewhere. Several jobs at once are
// served in turn.
#pragma once

#include <memory>

namespace nabla {

// NABLA_NUM_THREADS if it is a positive number, else the processors this process may use. Read once.
int defaultThreadCount();

class ThreadPool {
 public:
  // The process-wide pool; made on first use, ended (threads joined) when the last holder lets go. Holders
  // must let go before the library they were loaded from is unmapped, hence ownership by environments and not
  // by a static object.
  static std::shared_ptr<ThreadPool> shared();

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  using Part = void (*)(void* context, int part) noexcept;

  // Calls part(context, i) once for every i in [0, parts), on at most `threads` threads, the caller's among
  // them. Threads that can not be made are done without.
  void run(int parts, int threads, Part part, void* context) noexcept;

 private:
  ThreadPool();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nabla
