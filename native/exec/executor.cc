#include "exec/executor.h"

#include <algorithm>
#include <limits>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "exec/buffer.h"
#include "exec/chunks.h"
#include "exec/freed_memory.h"
#include "exec/huge_pages.h"
#include "exec/steps.h"
#include "exec/thread_pool.h"
#include "kernels/table.h"

namespace nabla {
namespace {

// A run shorter than this (estimated) stays on the calling thread: waking another costs as much.
constexpr double kInlineNanoseconds = 20e3;
// Parts a run is cut into: some per thread, so that a thread that is held up does not hold up the run, but
// none shorter than what handing it out costs many times over.
constexpr int64_t kPartsPerThread = 16;
constexpr double kPartNanoseconds = 50e3;
// Between two updates of the progress counter.
constexpr double kProgressNanoseconds = 500e3;
// Between two offers of the processor by a run in the background. Where there are no more processors than
// threads, the event loop would wait for the end of a time slice otherwise: 4 ms where 1 ms was asked for,
// once in a hundred times.
constexpr double kYieldNanoseconds = 200e3;
// Scratch of a thread beyond this is given back after the run.
constexpr size_t kKeptBytes = size_t{64} << 20;

constexpr int64_t roundUp(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

// What a thread keeps from run to run. The arena belongs to whoever works on blocks; the rest to the thread
// that called run(). Thread-local and not in the executor: a server that holds a hundred programs pays for
// its threads only.
struct ThreadScratch {
  Buffer arena;
  Buffer packed;
  Buffer shared;
  Buffer accumulators;
  std::vector<std::byte*> bases;        // of the running block
  std::vector<std::byte*> callerBases;  // of the run, copied by the threads that take part
};
thread_local ThreadScratch scratch;

std::atomic<uint64_t> nextOwner{1};

const char* dtypeName(DType dtype) {
  constexpr const char* names[] = {"float32", "float64", "int32", "uint32", "bool"};
  return names[static_cast<int>(dtype)];
}

Status checkArrays(const char* what, std::span<const ArrayView> arrays, const std::vector<ArraySpec>& specs) {
  if (arrays.size() != specs.size()) {
    return Status::error(StatusCode::kArgument, std::string("expected ") + std::to_string(specs.size()) +
                                                    " " + what + "s but received " +
                                                    std::to_string(arrays.size()));
  }
  for (size_t i = 0; i < specs.size(); ++i) {
    const ArrayView& array = arrays[i];
    if (array.dtype == specs[i].dtype && array.length == specs[i].length &&
        (array.data != nullptr || array.length == 0)) {
      continue;
    }
    return Status::error(StatusCode::kArgument, std::string(what) + " " + std::to_string(i) + ": expected " +
                                                    dtypeName(specs[i].dtype) + "[" +
                                                    std::to_string(specs[i].length) + "] but received " +
                                                    dtypeName(array.dtype) + "[" +
                                                    std::to_string(array.length) + "]");
  }
  return {};
}

template <class T>
struct PreparedLoop {
  const Loop* loop = nullptr;
  int64_t blocks = 0;
  int64_t chunks = 0;             // of a loop with accumulators, else 0
  int64_t accumulatorStride = 0;  // elements from one chunk's accumulators to the next
  Steps<T> steps;
  Steps<T> lastSteps;  // for the last block if fewer lanes than B will do
  bool hasLastSteps = false;
};

template <class T>
class ExecutorFor final : public Executor {
 public:
  ExecutorFor(Program&& program, const KernelTable& table)
      : program_(std::move(program)),
        owner_(nextOwner.fetch_add(1)),
        add_(table.kernels<T>().elementwise[static_cast<int>(Op::kAdd)]) {
    for (double value : program_.constants) constants_.push_back(static_cast<T>(value));
    constants_.push_back(T{0});
    loops_.reserve(program_.loops.size());
    for (const Loop& loop : program_.loops) loops_.push_back(prepare(loop, table));
    for (const ArraySpec& output : program_.outputs)
      keepFreedMemory(output.length * elementBytes(output.dtype));
  }

  Status run(std::span<const ArrayView> inputs, std::span<const ArrayView> outputs,
             const RunOptions& options) const noexcept override;

  const Program& program() const override { return program_; }
  int64_t samples() const override { return samples_; }
  double nanoseconds() const override;
  size_t memoryBytes() const override;

 private:
  // What the threads of one loop share.
  struct LoopRun {
    const ExecutorFor* executor;
    const PreparedLoop<T>* prepared;
    const std::vector<std::byte*>* bases;
    RunControl* control;
    int64_t parts;
    T* accumulators;
    std::atomic<StatusCode> failure{StatusCode::kOk};
  };

  PreparedLoop<T> prepare(const Loop& loop, const KernelTable& table);
  Status runLoop(const PreparedLoop<T>& prepared, const RunOptions& options, int threads,
                 ThreadScratch& mine) const;
  void runPart(LoopRun& run, int64_t part, ThreadScratch& mine) const noexcept;
  void finish(const PreparedLoop<T>& prepared, T* accumulators, const RunOptions& options, int threads,
              ThreadScratch& mine) const;

  Program program_;
  uint64_t owner_;
  void (*add_)(const ElementwiseArgs<T>&);
  std::vector<T> constants_;
  std::vector<PreparedLoop<T>> loops_;
  int64_t samples_ = 0;
  int64_t arenaBytes_ = 0;
  int64_t packedBytes_ = 0;
};

template <class T>
PreparedLoop<T> ExecutorFor<T>::prepare(const Loop& loop, const KernelTable& table) {
  PreparedLoop<T> prepared;
  prepared.loop = &loop;
  prepared.steps = makeSteps<T>(program_, loop, loop.B, table);
  arenaBytes_ = std::max(arenaBytes_, loop.arenaElements * static_cast<int64_t>(sizeof(T)));
  packedBytes_ = std::max(packedBytes_, prepared.steps.packedBytes);
  if (loop.kind == LoopKind::kFlat) return prepared;
  if (loop.N > std::numeric_limits<int64_t>::max() - samples_) samples_ = 0;
  samples_ += loop.N;
  prepared.blocks = loop.N / loop.B + (loop.N % loop.B != 0);
  const int64_t unit = kLaneBytes / static_cast<int64_t>(sizeof(T));
  if (loop.accumulatorElements > 0) {
    prepared.accumulatorStride = roundUp(loop.accumulatorElements, unit);
    prepared.chunks =
        chunkCount(prepared.blocks, prepared.accumulatorStride * static_cast<int64_t>(sizeof(T)));
  }
  const int64_t lastWidth = roundUp(loop.N % loop.B, unit);
  if (lastWidth > 0 && lastWidth < loop.B) {
    prepared.lastSteps = makeSteps<T>(program_, loop, lastWidth, table);
    prepared.hasLastSteps = true;
  }
  return prepared;
}

template <class T>
double ExecutorFor<T>::nanoseconds() const {
  double total = 0;
  for (const PreparedLoop<T>& prepared : loops_) {
    const bool flat = prepared.loop->kind == LoopKind::kFlat;
    total += prepared.steps.nanoseconds * (flat ? 1 : static_cast<double>(prepared.blocks));
  }
  return total;
}

template <class T>
size_t ExecutorFor<T>::memoryBytes() const {
  size_t bytes = sizeof(*this) + constants_.capacity() * sizeof(T) +
                 program_.constants.capacity() * sizeof(double) +
                 (program_.inputs.capacity() + program_.outputs.capacity()) * sizeof(ArraySpec);
  for (const Loop& loop : program_.loops) {
    bytes += sizeof(Loop) + loop.instructions.capacity() * sizeof(Instruction) +
             loop.finals.capacity() * sizeof(Final);
  }
  for (const PreparedLoop<T>& prepared : loops_) {
    bytes += sizeof(prepared) + prepared.steps.memoryBytes() + prepared.lastSteps.memoryBytes();
  }
  return bytes;
}

// One part of a lanes loop: some blocks, into the accumulators of this part if there are any.
template <class T>
void ExecutorFor<T>::runPart(LoopRun& run, int64_t part, ThreadScratch& mine) const noexcept {
  if (run.failure.load(std::memory_order_relaxed) != StatusCode::kOk) return;
  const PreparedLoop<T>& prepared = *run.prepared;
  const Loop& loop = *prepared.loop;
  try {
    mine.bases = *run.bases;
  } catch (...) {
    run.failure.store(StatusCode::kOutOfMemory, std::memory_order_relaxed);
    return;
  }
  if (!mine.arena.ensure(static_cast<size_t>(arenaBytes_), owner_) ||
      !mine.packed.ensure(static_cast<size_t>(packedBytes_), owner_)) {
    run.failure.store(StatusCode::kOutOfMemory, std::memory_order_relaxed);
    return;
  }
  mine.bases[kArenaSlot] = mine.arena.data();
  mine.bases[kPackedSlot] = packedBytes_ > 0 ? mine.packed.data() : nullptr;
  if (run.accumulators != nullptr) {
    T* accumulators = run.accumulators + part * prepared.accumulatorStride;
    std::fill_n(accumulators, prepared.accumulatorStride, T{0});
    mine.bases[kAccumulatorSlot] = reinterpret_cast<std::byte*>(accumulators);
  }

  RunControl* const control = run.control;
  const std::atomic<bool>* const abort = control != nullptr ? &control->abort : nullptr;
  const int64_t begin = firstBlock(prepared.blocks, run.parts, part);
  const int64_t end = firstBlock(prepared.blocks, run.parts, part + 1);
  const double progressBlocks = kProgressNanoseconds / std::max(prepared.steps.nanoseconds, 1.0);
  const int64_t progressEvery = std::max<int64_t>(static_cast<int64_t>(progressBlocks), 1);
  const int64_t yieldEvery = std::max<int64_t>(
      static_cast<int64_t>(kYieldNanoseconds / std::max(prepared.steps.nanoseconds, 1.0)), 1);
  int64_t unreported = 0;
  Frame frame{mine.bases.data(), 0, 0, abort};
  for (int64_t block = begin; block < end; ++block) {
    if (abort != nullptr && abort->load(std::memory_order_relaxed)) {
      run.failure.store(StatusCode::kAborted, std::memory_order_relaxed);
      return;
    }
    frame.first = block * loop.B;
    frame.valid = std::min(loop.B, loop.N - frame.first);
    const bool narrow = prepared.hasLastSteps && frame.valid < loop.B;
    if (!runSteps(narrow ? prepared.lastSteps : prepared.steps, frame)) {
      run.failure.store(StatusCode::kAborted, std::memory_order_relaxed);
      return;
    }
    if (control != nullptr) {
      if ((block - begin + 1) % yieldEvery == 0) std::this_thread::yield();
      unreported += frame.valid;
      if ((block - begin + 1) % progressEvery == 0 || block + 1 == end) {
        control->done.fetch_add(unreported, std::memory_order_relaxed);
        unreported = 0;
      }
    }
  }
}

// Adds the chunks' accumulators in a fixed tree (neighbours first) and delivers the sums.
template <class T>
void ExecutorFor<T>::finish(const PreparedLoop<T>& prepared, T* accumulators, const RunOptions& options,
                            int threads, ThreadScratch& mine) const {
  struct Tree {
    const ExecutorFor* executor;
    const PreparedLoop<T>* prepared;
    T* accumulators;
    int64_t slices;
  };
  // Every element has the same tree, so slices of elements can go to different threads.
  auto addSlice = [](void* context, int slice) noexcept {
    const Tree& tree = *static_cast<const Tree*>(context);
    const int64_t elements = tree.prepared->loop->accumulatorElements;
    const int64_t from = elements * slice / tree.slices;
    const int64_t n = elements * (slice + 1) / tree.slices - from;
    const int64_t chunks = tree.prepared->chunks;
    const int64_t stride = tree.prepared->accumulatorStride;
    for (int64_t step = 1; step < chunks; step *= 2) {
      for (int64_t c = 0; c + step < chunks; c += 2 * step) {
        ElementwiseArgs<T> args{};
        args.rows = 1;
        args.n = n;
        args.out = tree.accumulators + c * stride + from;
        args.in[0] = args.out;
        args.in[1] = args.out + step * stride;
        tree.executor->add_(args);
      }
    }
  };
  Tree tree{this, &prepared, accumulators, 1};
  if (prepared.chunks > 1) {
    // A slice of this many elements takes about as long as handing it out.
    constexpr int64_t kSliceElements = 1 << 17;
    tree.slices =
        std::clamp<int64_t>(prepared.loop->accumulatorElements * prepared.chunks / kSliceElements, 1, 256);
    if (options.pool != nullptr && tree.slices > 1) {
      options.pool->run(static_cast<int>(tree.slices), threads, addSlice, &tree);
    } else {
      for (int slice = 0; slice < static_cast<int>(tree.slices); ++slice) addSlice(&tree, slice);
    }
  }
  for (const Final& final : prepared.loop->finals) {
    const size_t slot = final.dst.space == Space::kShared
                            ? static_cast<size_t>(kSharedSlot)
                            : kFirstArraySlot + program_.inputs.size() + static_cast<size_t>(final.dst.index);
    T* const dst = reinterpret_cast<T*>(mine.callerBases[slot]) + final.dst.offset;
    const T* const sums = prepared.chunks > 0 ? accumulators + final.accOffset : nullptr;
    const T beta = static_cast<T>(final.beta);
    for (int64_t i = 0; i < final.length; ++i) {
      const T sum = sums != nullptr ? sums[i] : T{0};
      dst[i] = beta == T{0} ? sum : beta * dst[i] + sum;
    }
  }
}

template <class T>
Status ExecutorFor<T>::runLoop(const PreparedLoop<T>& prepared, const RunOptions& options, int threads,
                               ThreadScratch& mine) const {
  const Loop& loop = *prepared.loop;
  if (loop.kind == LoopKind::kFlat) {
    const Frame frame{mine.callerBases.data(), 0, 1,
                      options.control != nullptr ? &options.control->abort : nullptr};
    return runSteps(prepared.steps, frame) ? Status{} : Status::error(StatusCode::kAborted, {});
  }
  T* accumulators = nullptr;
  if (prepared.chunks > 0) {
    const auto bytes = static_cast<size_t>(prepared.chunks * prepared.accumulatorStride) * sizeof(T);
    if (!mine.accumulators.ensure(bytes, owner_)) return Status::error(StatusCode::kOutOfMemory, {});
    accumulators = reinterpret_cast<T*>(mine.accumulators.data());
  }
  if (prepared.blocks > 0) {
    const double total = prepared.steps.nanoseconds * static_cast<double>(prepared.blocks);
    const bool alone = options.pool == nullptr || threads <= 1 || total < kInlineNanoseconds;
    LoopRun run{this, &prepared, &mine.callerBases, options.control, 1, accumulators};
    if (prepared.chunks > 0) {
      run.parts = prepared.chunks;
    } else if (!alone) {
      const double wanted = std::clamp(total / kPartNanoseconds, static_cast<double>(threads),
                                       static_cast<double>(threads * kPartsPerThread));
      run.parts = std::min(prepared.blocks, static_cast<int64_t>(wanted));
    }
    if (alone) {
      for (int64_t part = 0; part < run.parts; ++part) runPart(run, part, mine);
    } else {
      const auto part = [](void* context, int i) noexcept {
        LoopRun& shared = *static_cast<LoopRun*>(context);
        ThreadScratch& own = scratch;
        shared.executor->runPart(shared, i, own);
        // Threads of the pool do not learn when the run ends.
        if (own.arena.size() > kKeptBytes) own.arena.release();
        if (own.packed.size() > kKeptBytes) own.packed.release();
      };
      options.pool->run(static_cast<int>(run.parts), threads, part, &run);
    }
    const StatusCode failure = run.failure.load();
    if (failure != StatusCode::kOk) return Status::error(failure, {});
  }
  finish(prepared, accumulators, options, threads, mine);
  return {};
}

template <class T>
Status ExecutorFor<T>::run(std::span<const ArrayView> inputs, std::span<const ArrayView> outputs,
                           const RunOptions& options) const noexcept {
  ThreadScratch& mine = scratch;
  try {
    Status status = checkArrays("input", inputs, program_.inputs);
    if (status.ok()) status = checkArrays("output", outputs, program_.outputs);
    if (!status.ok()) return status;
    if (!mine.shared.ensure(static_cast<size_t>(program_.sharedElements) * sizeof(T), owner_)) {
      return {StatusCode::kOutOfMemory, "not enough memory for the scratch of a program"};
    }
    mine.callerBases.resize(kFirstArraySlot + inputs.size() + outputs.size());
    size_t slot = kFirstArraySlot;
    for (const ArrayView& array : inputs) mine.callerBases[slot++] = static_cast<std::byte*>(array.data);
    for (const ArrayView& array : outputs) {
      mine.callerBases[slot++] = static_cast<std::byte*>(array.data);
      preferHugePages(static_cast<std::byte*>(array.data),
                      static_cast<size_t>(array.length * elementBytes(array.dtype)));
    }
    mine.callerBases[kArenaSlot] = nullptr;
    mine.callerBases[kSharedSlot] = mine.shared.data();
    mine.callerBases[kAccumulatorSlot] = nullptr;
    mine.callerBases[kPackedSlot] = nullptr;
    mine.callerBases[kConstantSlot] = reinterpret_cast<std::byte*>(const_cast<T*>(constants_.data()));

    const int threads = options.threads > 0 ? options.threads : defaultThreadCount();
    for (const PreparedLoop<T>& prepared : loops_) {
      status = runLoop(prepared, options, threads, mine);
      if (!status.ok()) break;
    }
    if (mine.shared.size() > kKeptBytes) mine.shared.release();
    if (mine.accumulators.size() > kKeptBytes) mine.accumulators.release();
    if (mine.arena.size() > kKeptBytes) mine.arena.release();
    if (mine.packed.size() > kKeptBytes) mine.packed.release();
    if (status.code == StatusCode::kOutOfMemory)
      status.message = "not enough memory for the scratch of a program";
    if (status.code == StatusCode::kAborted) status.message = "the run was aborted";
    return status;
  } catch (...) {
    return {StatusCode::kOutOfMemory, {}};
  }
}

}  // namespace

void releaseScratch() noexcept {
  scratch.arena.release();
  scratch.packed.release();
  scratch.shared.release();
  scratch.accumulators.release();
}

std::unique_ptr<const Executor> Executor::create(Program program, Status& status,
                                                 const KernelTable* table) noexcept {
  try {
    const KernelTable& kernels = table != nullptr ? *table : activeTable();
    status = {};
    if (program.dtype == DType::kF32)
      return std::make_unique<ExecutorFor<float>>(std::move(program), kernels);
    return std::make_unique<ExecutorFor<double>>(std::move(program), kernels);
  } catch (...) {
    status = {StatusCode::kOutOfMemory, {}};
    return nullptr;
  }
}

}  // namespace nabla
