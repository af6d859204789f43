// What one JavaScript environment (the main thread or a worker thread) owns. Process-wide is only the thread
// pool, which lives as long as any environment holds it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "addon/addon.h"
#include "exec/executor.h"
#include "exec/thread_pool.h"

namespace nabla::addon {

class AsyncRunner;

// The arrays of one call.
struct CallArrays {
  std::vector<napi_value> values;  // inputs, then outputs; valid during the call
  std::vector<ArrayView> inputs;
  std::vector<ArrayView> outputs;
};

class Environment {
 public:
  // Makes the environment's state and ties its end to the environment's. Called once, when the addon is
  // loaded.
  static void create(Napi::Env env);
  static Environment& of(Napi::Env env);

  ~Environment();

  // Made at first use: importing nabla starts no threads.
  const std::shared_ptr<ThreadPool>& pool();
  AsyncRunner& async(Napi::Env env);

  // Worker threads can be ended from outside while they run.
  bool isWorker = false;

  int64_t programsCreated = 0;
  int64_t runs = 0;
  // Counted down by finalizers, which may outlive this object.
  std::shared_ptr<int64_t> programsAlive = std::make_shared<int64_t>(0);

  // Kept between calls of run(), so that a call allocates nothing.
  CallArrays arrays;

 private:
  Environment();
  // Order matters: members are destroyed from the last to the first, and the runner's threads use the pool.
  std::shared_ptr<ThreadPool> pool_;
  std::unique_ptr<AsyncRunner> async_;
};

}  // namespace nabla::addon
