// profileProgram(words, inputs, outputs, isa, loop, seconds): where the time of a loop goes. Its first block
// runs again and again on the calling thread, every instruction timed by itself, bursts of multiply-adds at
// the machine's peak between the passes. Float64Array [instructions + 1]: the least nanoseconds of each
// instruction, and of one floating-point operation at the peak. The least, because on a shared machine
// whatever disturbs only adds; a pass of the clock, some 20 ns, is in each.
#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "addon/errors.h"
#include "exec/buffer.h"
#include "exec/steps.h"
#include "kernels/table.h"
#include "program/program.h"
#include "testing/testing.h"
#include "testing/views.h"

namespace nabla::testing {
namespace {

using Clock = std::chrono::steady_clock;

double nanoseconds(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::nano>(to - from).count();
}

template <class T>
class Profiler {
 public:
  Profiler(const Program& program, const KernelTable& table) : program_(program), table_(table) {}

  // Empty if there is not enough memory.
  std::vector<double> run(size_t loop, double seconds) {
    if (!prepare()) return {};
    for (size_t i = 0; i < loop; ++i) pass(i, nullptr);
    std::vector<double> least(loops_[loop].size() + 1, 1e300);
    const auto begin = Clock::now();
    T sink = 1;
    do {
      pass(loop, least.data());
      const auto start = Clock::now();
      const auto flops = static_cast<double>(table_.kernels<T>().fmaPeak(512, &sink));
      least.back() = std::min(least.back(), nanoseconds(start, Clock::now()) / flops);
    } while (nanoseconds(begin, Clock::now()) < seconds * 1e9);
    return least;
  }

  std::vector<std::byte*> bases;

 private:
  bool prepare() {
    int64_t arena = 0, accumulators = 0, packed = 0;
    for (const Loop& loop : program_.loops) {
      arena = std::max(arena, loop.arenaElements);
      accumulators = std::max(accumulators, loop.accumulatorElements);
      auto& list = loops_.emplace_back();
      for (const Instruction& in : loop.instructions) {
        Loop one = loop;
        one.instructions = {in};
        list.push_back(makeSteps<T>(program_, one, loop.B, table_));
        packed = std::max(packed, list.back().packedBytes);
      }
    }
    if (!arena_.ensure(static_cast<size_t>(arena) * sizeof(T), 1) ||
        !shared_.ensure(static_cast<size_t>(program_.sharedElements) * sizeof(T), 1) ||
        !accumulators_.ensure(static_cast<size_t>(accumulators) * sizeof(T), 1) ||
        !packed_.ensure(static_cast<size_t>(packed), 1)) {
      return false;
    }
    for (double value : program_.constants) constants_.push_back(static_cast<T>(value));
    constants_.push_back(T{0});
    bases[kArenaSlot] = arena_.data();
    bases[kSharedSlot] = shared_.data();
    bases[kAccumulatorSlot] = accumulators_.data();
    bases[kPackedSlot] = packed_.data();
    bases[kConstantSlot] = reinterpret_cast<std::byte*>(constants_.data());
    return true;
  }
  void pass(size_t loop, double* least) {
    const Loop& l = program_.loops[loop];
    const Frame frame{bases.data(), 0, std::min(l.B, l.N), nullptr};
    auto last = Clock::now();
    for (size_t i = 0; i < loops_[loop].size(); ++i) {
      runSteps(loops_[loop][i], frame);
      const auto now = Clock::now();
      if (least != nullptr) least[i] = std::min(least[i], nanoseconds(last, now));
      last = Clock::now();
    }
  }
  const Program& program_;
  const KernelTable& table_;
  std::vector<std::vector<Steps<T>>> loops_;
  Buffer arena_, shared_, accumulators_, packed_;
  std::vector<T> constants_;
};

template <class T>
std::vector<double> profile(const Program& program, const std::vector<ArrayView>& inputs,
                            const std::vector<ArrayView>& outputs, const KernelTable& table, size_t loop,
                            double seconds) {
  Profiler<T> profiler(program, table);
  profiler.bases.resize(kFirstArraySlot);
  for (const ArrayView& array : inputs) profiler.bases.push_back(static_cast<std::byte*>(array.data));
  for (const ArrayView& array : outputs) profiler.bases.push_back(static_cast<std::byte*>(array.data));
  return profiler.run(loop, seconds);
}

Napi::Value profileProgram(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  const auto words = call[0].As<Napi::Float64Array>();
  const std::vector<ArrayView> inputs = views(call[1].As<Napi::Array>());
  const std::vector<ArrayView> outputs = views(call[2].As<Napi::Array>());
  const KernelTable* table = findTable(call[3].As<Napi::String>().Utf8Value());
  if (table == nullptr) addon::fail(env, "ERR_NABLA_OPTION", "no such instruction set here");
  Program program;
  addon::check(env, decode(std::span(words.Data(), words.ElementLength()), program));
  const int64_t index = call[4].As<Napi::Number>().Int64Value();
  if (index < 0 || index >= static_cast<int64_t>(program.loops.size())) {
    addon::failArgument(env, "the number of a loop", "loop", std::to_string(index));
  }
  const auto loop = static_cast<size_t>(index);
  const double seconds = call[5].As<Napi::Number>().DoubleValue();
  const std::vector<double> least = program.dtype == DType::kF32
                                        ? profile<float>(program, inputs, outputs, *table, loop, seconds)
                                        : profile<double>(program, inputs, outputs, *table, loop, seconds);
  if (least.empty()) addon::fail(env, "ERR_NABLA_OUT_OF_MEMORY", "not enough memory for a profile");
  Napi::Float64Array result = Napi::Float64Array::New(env, least.size());
  std::copy(least.begin(), least.end(), result.Data());
  return result;
}

}  // namespace

void registerProfile(Napi::Env env, Napi::Object exports) {
  addon::expose<profileProgram>(env, exports, "profileProgram");
}

}  // namespace nabla::testing
