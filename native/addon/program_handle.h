// The native side of a program handle.
#pragma once

#include <memory>

#include "addon/addon.h"
#include "exec/executor.h"

namespace nabla::addon {

struct ProgramHandle {
  static constexpr napi_type_tag kTag = {0x6e61626c612d7072, 0x6f6772616d2d3031};

  // Reports the executor's memory to the garbage collector, which sees a handle of a few words: without it a
  // loop that makes and drops programs would not make it collect.
  ProgramHandle(Napi::Env env, std::unique_ptr<const Executor> executor, std::shared_ptr<int64_t> alive);
  ~ProgramHandle();
  ProgramHandle(const ProgramHandle&) = delete;
  ProgramHandle& operator=(const ProgramHandle&) = delete;

  // Shared: a run in the background goes on when the handle has been collected.
  const std::shared_ptr<const Executor> executor;
  const int64_t bytes;
  const double work;  // multiply-adds of a run, roughly

 private:
  napi_env env_;
  const std::shared_ptr<int64_t> alive_;  // the environment's count
};

}  // namespace nabla::addon
