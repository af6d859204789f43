#include "addon/environment.h"

#include "addon/async_runner.h"

namespace nabla::addon {

Environment::Environment() = default;
Environment::~Environment() = default;

void Environment::create(Napi::Env env) {
  auto* environment = new Environment();
  env.SetInstanceData(environment);
  // Cleanup hooks run before anything of the environment is finalized, the last one added first. So the
  // runner's hook, which is added later, joins its threads before this one lets go of the pool they use; and
  // the pool is gone, its threads joined, before the last environment's end may unmap this library.
  env.AddCleanupHook([environment] {
    environment->async_.reset();
    environment->pool_.reset();
  });
}

Environment& Environment::of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

const std::shared_ptr<ThreadPool>& Environment::pool() {
  if (!pool_) pool_ = ThreadPool::shared();
  return pool_;
}

AsyncRunner& Environment::async(Napi::Env env) {
  if (!async_) async_ = std::make_unique<AsyncRunner>(env, pool());
  return *async_;
}

}  // namespace nabla::addon
