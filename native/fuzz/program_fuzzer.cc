// libFuzzer target: any words are refused or run within their memory, on every instruction set of the
// machine.
//
//   cmake -S . -B build/fuzz -DNABLA_FUZZ=ON -DCMAKE_CXX_COMPILER=clang++-16
//   cmake --build build/fuzz --target program_fuzzer
//   build/fuzz/program_fuzzer -max_len=65536 build/fuzz/corpus native/fuzz/corpus
//
// An input is the bytes of a Float64Array. Inputs and outputs of the program are allocated at exactly their
// size, and scratch is given back after each run, so that the address sanitizer stands at the end of every
// array.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "exec/executor.h"
#include "exec/thread_pool.h"
#include "kernels/table.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t maxSize);

namespace {

using namespace nabla;

constexpr int64_t kScratchBytes = int64_t{1} << 22;
constexpr int64_t kArrayBytes = int64_t{1} << 20;
constexpr double kNanoseconds = 2e6;

// An array of exactly its length, filled with values that find faults.
struct Array {
  explicit Array(const ArraySpec& spec, uint32_t seed) {
    const auto bytes = static_cast<size_t>(spec.length * elementBytes(spec.dtype));
    memory.reset(new std::byte[bytes]);
    view = {memory.get(), spec.dtype, spec.length};
    constexpr double kSpecial[] = {0.0,
                                   -0.0,
                                   1e300,
                                   -1e300,
                                   1e-310,
                                   std::numeric_limits<double>::infinity(),
                                   std::numeric_limits<double>::quiet_NaN()};
    for (int64_t i = 0; i < spec.length; ++i) {
      seed = seed * 1664525 + 1013904223;
      const double value =
          seed % 13 == 0 ? kSpecial[(seed >> 8) % 7] : (static_cast<double>(seed) - 2e9) / 1e9;
      if (spec.dtype == DType::kF32) {
        const auto narrow = static_cast<float>(value);
        std::memcpy(memory.get() + i * 4, &narrow, 4);
      } else if (spec.dtype == DType::kF64) {
        std::memcpy(memory.get() + i * 8, &value, 8);
      } else {
        std::memcpy(memory.get() + i * elementBytes(spec.dtype), &seed,
                    static_cast<size_t>(elementBytes(spec.dtype)));
      }
    }
  }
  std::unique_ptr<std::byte[]> memory;
  ArrayView view;
};

bool makeArrays(const std::vector<ArraySpec>& specs, int64_t& budget, std::vector<Array>& arrays) {
  for (const ArraySpec& spec : specs) {
    if (spec.length > budget / elementBytes(spec.dtype)) return false;
    budget -= spec.length * elementBytes(spec.dtype);
    arrays.emplace_back(spec, static_cast<uint32_t>(arrays.size() + 1));
  }
  return true;
}

std::vector<ArrayView> viewsOf(const std::vector<Array>& arrays) {
  std::vector<ArrayView> views;
  for (const Array& array : arrays) views.push_back(array.view);
  return views;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<double> words(size / sizeof(double));
  if (!words.empty()) std::memcpy(words.data(), data, words.size() * sizeof(double));
  DecodeLimits limits;
  limits.maxScratchBytes = kScratchBytes;
  Program program;
  const Status decoded = decode(words, program, limits);
  if (!decoded.ok()) {
    if (decoded.message.empty()) std::abort();
    return 0;
  }
  int64_t budget = kArrayBytes;
  std::vector<Array> inputs, outputs;
  if (!makeArrays(program.inputs, budget, inputs) || !makeArrays(program.outputs, budget, outputs)) return 0;
  const std::vector<ArrayView> in = viewsOf(inputs);
  const std::vector<ArrayView> out = viewsOf(outputs);
  for (const KernelTable* table : supportedTables()) {
    Status status;
    const auto executor = Executor::create(program, status, table);
    if (executor == nullptr) std::abort();
    if (executor->nanoseconds() > kNanoseconds) return 0;
    RunControl control;
    status = executor->run(in, out, {.threads = 1, .control = &control, .pool = nullptr});
    if (!status.ok() || control.done.load() != executor->samples()) std::abort();
    releaseScratch();
  }
  return 0;
}

// Bytes hardly ever make an integer in a double, so words are changed as words; now and then as bytes all the
// same.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t maxSize, unsigned seed) {
  std::minstd_rand random(seed);
  if (size < sizeof(double) || random() % 32 == 0) return LLVMFuzzerMutate(data, size, maxSize);
  size_t count = size / sizeof(double);
  std::vector<double> words(count);
  std::memcpy(words.data(), data, count * sizeof(double));
  constexpr double kValues[] = {0,
                                1,
                                2,
                                3,
                                4,
                                5,
                                6,
                                7,
                                8,
                                16,
                                32,
                                48,
                                64,
                                128,
                                1000,
                                65536,
                                1048576,
                                2147483648,
                                4294967296,
                                1e15,
                                -1,
                                0.5,
                                9007199254740991.0,
                                9223372036854775808.0,
                                1e300};
  const auto pick = [&](size_t n) { return static_cast<size_t>(random()) % n; };
  for (size_t changes = 1 + pick(3); changes > 0; --changes) {
    const size_t i = pick(count);
    switch (pick(8)) {
      case 0:
      case 1:
        words[i] = kValues[pick(std::size(kValues))];
        break;
      case 2:
        words[i] += 1;
        break;
      case 3:
        words[i] -= 1;
        break;
      case 4:
        words[i] *= 2;
        break;
      case 5:
        words[i] = words[pick(count)];
        break;
      case 6:
        words[i] += 16;
        break;
      default: {  // copy a run of words over another
        const size_t j = pick(count);
        const size_t n = std::min({pick(24) + 1, count - i, count - j});
        std::memmove(&words[i], &words[j], n * sizeof(double));
      }
    }
  }
  count = std::min(count, maxSize / sizeof(double));
  std::memcpy(data, words.data(), count * sizeof(double));
  return count * sizeof(double);
}
