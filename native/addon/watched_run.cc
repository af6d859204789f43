#include "addon/watched_run.h"

#include <chrono>
#include <future>
#include <system_error>

namespace nabla::addon {

Status runWatched(Napi::Env env, const Executor& executor, std::span<const ArrayView> inputs,
                  std::span<const ArrayView> outputs, RunOptions options) {
  RunControl control;
  options.control = &control;
  std::future<Status> result;
  try {
    // A thread of its own: in the queue of background runs it would wait for those.
    result = std::async(std::launch::async, [&] { return executor.run(inputs, outputs, options); });
  } catch (const std::system_error&) {
    // No thread to be had. Better unwatched than not at all.
    return executor.run(inputs, outputs, options);
  }
  const Napi::Object probe = Napi::Object::New(env);
  while (result.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready) {
    // Any call that could run JavaScript is refused once the environment is being ended; there is no other
    // sign of it.
    bool ignored = false;
    if (napi_has_named_property(env, probe, "a", &ignored) != napi_ok) control.abort = true;
  }
  return result.get();
}

}  // namespace nabla::addon
