// A synchronous run that ends when its environment is being ended.
#pragma once

#include "addon/addon.h"
#include "exec/executor.h"

namespace nabla::addon {

// Runs on another thread while this one waits and watches whether its environment is being ended
// (worker.terminate(), process.exit() elsewhere); if so the run is aborted. Worth its hand-over for runs of
// some milliseconds or more.
Status runWatched(Napi::Env env, const Executor& executor, std::span<const ArrayView> inputs,
                  std::span<const ArrayView> outputs, RunOptions options);

}  // namespace nabla::addon
