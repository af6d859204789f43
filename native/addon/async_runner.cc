#include "addon/async_runner.h"

#include <algorithm>
#include <system_error>

#include "addon/errors.h"

namespace nabla::addon {

AsyncRunner::AsyncRunner(Napi::Env env, std::shared_ptr<ThreadPool> pool)
    : env_(env), pool_(std::move(pool)) {
  const Napi::String name = Napi::String::New(env, "nabla.evaluate");
  if (napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, deliver,
                                      &wake_) != napi_ok) {
    fail(env, "ERR_NABLA_OUT_OF_MEMORY", "no thread-safe function could be made");
  }
  // Only work under way keeps the process alive.
  napi_unref_threadsafe_function(env, wake_);
  // Added after the thread-safe function's own hook, so it runs before it: no driver may call a function that
  // is gone.
  napi_add_env_cleanup_hook(env, cleanup, this);
}

AsyncRunner::~AsyncRunner() {
  stop();
  napi_remove_env_cleanup_hook(env_, cleanup, this);
}

void AsyncRunner::cleanup(void* self) { static_cast<AsyncRunner*>(self)->stop(); }

void AsyncRunner::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
    for (const auto& job : running_) job->control.abort = true;
  }
  work_.notify_all();
  for (std::thread& driver : drivers_) driver.join();
  napi_release_threadsafe_function(wake_, napi_tsfn_abort);
  // Callbacks that will not be called any more: their environment cannot run JavaScript now. Handles may keep
  // the jobs themselves a little longer, but not the references.
  for (const auto* jobs : {&waiting_, &done_}) {
    for (const auto& job : *jobs) {
      job->arrays.Reset();
      job->callback.Reset();
    }
  }
  waiting_.clear();
  done_.clear();
}

void AsyncRunner::submit(std::shared_ptr<Job> job) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(job));
    if (idle_ < waiting_.size() && drivers_.size() < kMaxDrivers) {
      try {
        drivers_.emplace_back([this] { drive(); });
      } catch (const std::system_error&) {
        // Without a single driver the job would never run; with one it waits its turn.
        if (drivers_.empty()) {
          waiting_.pop_back();
          throw makeError(env_, "ERR_NABLA_OUT_OF_MEMORY", "no thread could be started");
        }
      }
    }
  }
  work_.notify_one();
  if (undelivered_++ == 0) napi_ref_threadsafe_function(env_, wake_);
}

void AsyncRunner::abort(const std::shared_ptr<Job>& job) {
  job->control.abort = true;
  const std::lock_guard lock(mutex_);
  const auto place = std::find(waiting_.begin(), waiting_.end(), job);
  if (place == waiting_.end()) return;
  waiting_.erase(place);
  job->status = Status::error(StatusCode::kAborted, "aborted before it began");
  finish(job);
}

void AsyncRunner::finish(const std::shared_ptr<Job>& job) {
  done_.push_back(job);
  // A call that is already queued will find this job too.
  if (done_.size() == 1) napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking);
}

void AsyncRunner::drive() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    work_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    --idle_;
    if (stopping_) return;
    const std::shared_ptr<Job> job = std::move(waiting_.front());
    waiting_.pop_front();
    running_.push_back(job);
    lock.unlock();
    Status status = job->executor->run(
        job->inputs, job->outputs, {.threads = job->threads, .control = &job->control, .pool = pool_.get()});
    lock.lock();
    job->status = std::move(status);
    running_.erase(std::find(running_.begin(), running_.end(), job));
    finish(job);
  }
}

void AsyncRunner::deliver(napi_env rawEnv, napi_value, void* self, void*) {
  // No environment: it is being torn down, and the runner may be gone.
  if (rawEnv == nullptr) return;
  const Napi::Env env(rawEnv);
  const Napi::HandleScope scope(env);
  auto* runner = static_cast<AsyncRunner*>(self);
  std::deque<std::shared_ptr<Job>> done;
  {
    const std::lock_guard lock(runner->mutex_);
    done.swap(runner->done_);
  }
  for (const auto& job : done) {
    if (--runner->undelivered_ == 0) napi_unref_threadsafe_function(env, runner->wake_);
    const Napi::FunctionReference callback = std::move(job->callback);
    // From here on the arrays belong to JavaScript alone, even if the job's handle lives on.
    job->arrays.Reset();
    try {
      if (job->status.ok()) {
        callback.Call({env.Null()});
      } else {
        callback.Call({makeError(env, statusName(job->status.code), job->status.message).Value()});
      }
    } catch (const Napi::Error& error) {
      // Thrown by the callback: becomes an uncaught exception, as in any other callback. The jobs behind it
      // are delivered.
      napi_fatal_exception(env, error.Value());
    }
  }
}

}  // namespace nabla::addon
