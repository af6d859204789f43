// Runs whole programs, given as files of the fuzzer's corpus, on every instruction set of this machine, on
// one thread and on three, and prints one hash of all outputs per program; exits with 1 if instruction sets
// or threads disagree. Like kernel_hashes it runs under an emulator: decoder, executor and threads of another
// architecture, and results to compare with those of this one.
//
//   program_hashes native/fuzz/corpus/*.bin
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "exec/executor.h"
#include "exec/thread_pool.h"
#include "kernels/table.h"
#include "testing/standalone/hash.h"

namespace {

using namespace nabla;

[[noreturn]] void fail(const std::string& file, const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", file.c_str(), what.c_str());
  std::exit(1);
}

std::vector<double> wordsOf(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  std::vector<double> words(bytes.size() / sizeof(double));
  if (words.empty()) fail(file, "no program");
  std::memcpy(words.data(), bytes.data(), words.size() * sizeof(double));
  return words;
}

// The memory of one array, filled with numbers between -1 and 1, or with bits where it holds no floats.
class Memory {
 public:
  Memory(const ArraySpec& spec, uint64_t seed) : spec_(spec) {
    const auto f64 = testing::numbers<double>(spec.length, seed, false);
    bytes_.resize(static_cast<size_t>(spec.length * elementBytes(spec.dtype)));
    for (size_t i = 0; i < f64.size(); i++) {
      const auto f32 = static_cast<float>(f64[i]);
      const auto bits = static_cast<uint32_t>(static_cast<int32_t>(f64[i] * 1e9));
      const uint8_t bit = bits & 1;
      const void* value = spec.dtype == DType::kF64   ? static_cast<const void*>(&f64[i])
                          : spec.dtype == DType::kF32 ? static_cast<const void*>(&f32)
                          : spec.dtype == DType::kU8  ? static_cast<const void*>(&bit)
                                                      : static_cast<const void*>(&bits);
      const auto size = static_cast<size_t>(elementBytes(spec.dtype));
      std::memcpy(bytes_.data() + i * size, value, size);
    }
  }

  ArrayView view() { return {bytes_.data(), spec_.dtype, spec_.length}; }

  void addTo(testing::Hash& hash) const {
    if (spec_.dtype == DType::kF32) {
      hash.add(as<float>());
    } else if (spec_.dtype == DType::kF64) {
      hash.add(as<double>());
    } else {
      hash.add(bytes_);
    }
  }

 private:
  template <class T>
  std::vector<T> as() const {
    std::vector<T> values(static_cast<size_t>(spec_.length));
    if (!values.empty()) std::memcpy(values.data(), bytes_.data(), bytes_.size());
    return values;
  }

  ArraySpec spec_;
  std::vector<uint8_t> bytes_;
};

std::vector<ArrayView> viewsOf(std::vector<Memory>& arrays) {
  std::vector<ArrayView> views;
  for (Memory& array : arrays) views.push_back(array.view());
  return views;
}

uint64_t hashOf(const std::string& file, const Program& program, const KernelTable& table, int threads) {
  std::vector<Memory> inputs, outputs;
  for (const ArraySpec& spec : program.inputs) inputs.emplace_back(spec, 1 + inputs.size());
  // What a program leaves as it is would be zero in a call from JavaScript; here it must be the same each
  // time.
  for (const ArraySpec& spec : program.outputs) outputs.emplace_back(spec, 101 + outputs.size());
  Status status;
  const auto executor = Executor::create(program, status, &table);
  if (executor == nullptr) fail(file, status.message);
  const auto pool = ThreadPool::shared();
  status =
      executor->run(viewsOf(inputs), viewsOf(outputs),
                    {.threads = threads, .control = nullptr, .pool = threads > 1 ? pool.get() : nullptr});
  if (!status.ok()) fail(file, status.message);
  testing::Hash hash;
  for (const Memory& output : outputs) output.addTo(hash);
  return hash.value();
}

}  // namespace

int main(int argc, char** argv) {
  bool same = true;
  for (int i = 1; i < argc; i++) {
    const std::string file = argv[i];
    Program program;
    const Status decoded = decode(wordsOf(file), program);
    if (!decoded.ok()) fail(file, decoded.message);
    const uint64_t first = hashOf(file, program, *supportedTables()[0], 1);
    for (const KernelTable* table : supportedTables()) {
      for (const int threads : {1, 3}) {
        if (hashOf(file, program, *table, threads) == first) continue;
        same = false;
        std::fprintf(stderr, "%s differs: %s, %d threads\n", file.c_str(), table->isa, threads);
      }
    }
    const std::string name = std::filesystem::path(file).stem().string();
    std::printf("%016llx %s\n", static_cast<unsigned long long>(first), name.c_str());
  }
  return same ? 0 : 1;
}
