// Runs programs on threads of our own, off the event loop: libuv's pool is four threads shared with the file
// system and DNS, and a job in it cannot be ended when the environment is.
//
// The environment's thread submits; driver threads run; results are delivered on the environment's thread
// again.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "addon/addon.h"
#include "exec/executor.h"
#include "exec/thread_pool.h"

namespace nabla::addon {

struct Job {
  std::shared_ptr<const Executor> executor;
  std::vector<ArrayView> inputs;
  std::vector<ArrayView> outputs;
  int threads = 0;

  RunControl control;
  Status status;

  // Touched on the environment's thread only.
  Napi::ObjectReference arrays;  // keeps the memory of inputs and outputs alive
  Napi::FunctionReference callback;
};

class AsyncRunner {
 public:
  // Jobs run side by side up to this many, so that a short one is not stuck behind a long one; the operating
  // system shares the processors among them. Further ones wait their turn.
  static constexpr size_t kMaxDrivers = 8;

  AsyncRunner(Napi::Env env, std::shared_ptr<ThreadPool> pool);
  // Aborts what is under way and joins the threads: within about a chunk's time.
  ~AsyncRunner();
  AsyncRunner(const AsyncRunner&) = delete;
  AsyncRunner& operator=(const AsyncRunner&) = delete;

  // The job's callback is called later with an error or with nothing. The process stays alive until then.
  void submit(std::shared_ptr<Job> job);

  // A job that has not begun is delivered at once, a running one when its threads see the flag.
  void abort(const std::shared_ptr<Job>& job);

 private:
  static void cleanup(void* self);
  static void deliver(napi_env env, napi_value function, void* self, void* data);

  void stop();
  void drive();
  void finish(const std::shared_ptr<Job>& job);  // with the mutex held

  napi_env env_;
  std::shared_ptr<ThreadPool> pool_;
  napi_threadsafe_function wake_ = nullptr;
  size_t undelivered_ = 0;  // submitted and not yet delivered; environment's thread only

  std::mutex mutex_;
  std::condition_variable work_;  // drivers wait for jobs
  std::deque<std::shared_ptr<Job>> waiting_;
  std::vector<std::shared_ptr<Job>> running_;
  std::deque<std::shared_ptr<Job>> done_;  // to be delivered
  size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> drivers_;
};

}  // namespace nabla::addon
