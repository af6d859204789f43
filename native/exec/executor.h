// Runs a decoded program over the caller's arrays: blocks of B samples, spread over threads, one arena per
// thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "program/program.h"

namespace nabla {

class ThreadPool;
struct KernelTable;

// Shared between a run and whoever watches it from another thread.
struct RunControl {
  std::atomic<bool> abort{false};  // set it to end the run within about a millisecond with kAborted
  std::atomic<int64_t> done{
      0};  // samples finished, summed over the program's loops; total is Executor::samples()
};

struct RunOptions {
  int threads = 0;                // 0: defaultThreadCount(); results do not depend on it
  RunControl* control = nullptr;  // may be null
  ThreadPool* pool = nullptr;     // null: everything on the calling thread
};

// An array of the caller. Lengths are in elements; data may be null only if length is 0.
struct ArrayView {
  void* data = nullptr;
  DType dtype = DType::kF32;
  int64_t length = 0;
};

// Gives back the scratch that the calling thread keeps from run to run.
void releaseScratch() noexcept;

// A program made ready for one instruction set. Immutable: run() may be called from several threads at once.
class Executor {
 public:
  // Null and `status` set if memory ends. `table` null: the active one.
  static std::unique_ptr<const Executor> create(Program program, Status& status,
                                                const KernelTable* table = nullptr) noexcept;

  virtual ~Executor() = default;

  // Reads `inputs`, writes every element of `outputs` the program says. Counts, dtypes and lengths are
  // compared with the program's (kArgument). kOutOfMemory and kAborted leave the outputs incomplete and
  // everything else usable.
  virtual Status run(std::span<const ArrayView> inputs, std::span<const ArrayView> outputs,
                     const RunOptions& options = {}) const noexcept = 0;

  virtual const Program& program() const = 0;
  // What RunControl::done reaches.
  virtual int64_t samples() const = 0;
  // Rough single-threaded duration of a run: enough to tell microseconds from milliseconds from hours.
  virtual double nanoseconds() const = 0;
  // Native memory held by this object, for the garbage collector's books.
  virtual size_t memoryBytes() const = 0;
};

}  // namespace nabla
