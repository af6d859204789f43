// The native side of a program handle: a type-tagged External, so that no other addon's object can be taken
// for one.
#pragma once

#include <memory>

#include "addon/addon.h"
#include "exec/executor.h"

namespace nabla::addon {

struct ProgramHandle {
  // Shared: a run in the background goes on when the handle has been collected.
  std::shared_ptr<const Executor> executor;
  int64_t bytes = 0;               // what was reported to the garbage collector
  double work = 0;                 // multiply-adds of a run, roughly
  std::shared_ptr<int64_t> alive;  // the environment's count
};

// Throws ERR_NABLA_ARGUMENT if `value` is not a handle made by createProgram().
const ProgramHandle& programArgument(const Napi::Value& value);

}  // namespace nabla::addon
