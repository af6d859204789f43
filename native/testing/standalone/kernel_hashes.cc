// Runs every kernel of every instruction set of this machine on fixed inputs and prints one hash per kernel
// and dtype; exits with 1 if instruction sets disagree. Needs neither Node nor a test framework, so it runs
// under an emulator: CI compares the output of this machine with that of an AArch64 build, and starts it on a
// CPU model without AVX.
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "kernels/table.h"
#include "testing/standalone/hash.h"

namespace {

using nabla::testing::Hash;
using nabla::testing::numbers;

struct Line {
  std::string name;
  uint64_t hash;
};

template <class T>
void hashAll(const nabla::Kernels<T>& k, std::vector<Line>& lines) {
  const std::string dtype = sizeof(T) == 4 ? " float32" : " float64";
  constexpr int64_t L = nabla::kLaneBytes / static_cast<int64_t>(sizeof(T));
  for (int op = 0; op < nabla::kElementwiseOps; op++) {
    if (k.elementwise[op] == nullptr) continue;
    Hash hash;
    const int64_t n = 4099;
    const auto x = numbers<T>(n, 1, true), y = numbers<T>(n, 2, true), z = numbers<T>(n, 3, true);
    std::vector<T> out(static_cast<std::size_t>(n));
    k.elementwise[op](
        {1, n, out.data(), n, {x.data(), y.data(), z.data()}, {n, n, n}, {false, false, false}});
    hash.add(out);
    lines.push_back({"elementwise " + std::to_string(op) + dtype, hash.value()});
  }
  for (int kind = 0; kind < nabla::kActivations; kind++) {
    Hash hash;
    const int64_t n = 1001;
    const auto z = numbers<T>(n, 1, true);
    std::vector<T> value(static_cast<std::size_t>(n)), slope(value);
    k.activation[kind]({1, n, z.data(), n, value.data(), n, slope.data(), n});
    hash.add(value);
    hash.add(slope);
    lines.push_back({"activation " + std::to_string(kind) + dtype, hash.value()});
  }
  Hash dense, gram, contract, outer, lane, last;
  for (int64_t size = 1; size <= 21; size++) {
    const int64_t B = (1 + size % 5) * L, J = size, K = 3 * size, C = 1 + size % 3;
    const auto W = numbers<T>(K * J, 1, false), x = numbers<T>(K * C * B, 2, false),
               s = numbers<T>(J * C * B, 3, false);
    const auto bias = numbers<T>(J, 4, false);
    auto out = numbers<T>(J * C * B, 5, false), plain = numbers<T>(J * C * B, 10, false);
    const bool scaled = size % 2 == 0;
    k.dense({J,
             K,
             C,
             B,
             out.data(),
             C * B,
             B,
             W.data(),
             J,
             1,
             x.data(),
             C * B,
             B,
             bias.data(),
             1,
             1,
             scaled ? s.data() : nullptr,
             C * B,
             size % 4 == 0 ? 0 : B,
             scaled ? plain.data() : nullptr,
             C * B,
             B,
             size % 3 == 0});
    dense.add(out);
    dense.add(plain);
    const auto w = numbers<T>(K * B, 6, false), a = numbers<T>(J * K * B, 7, false);
    auto h = numbers<T>(J * J * B, 8, false);
    k.contract({J,        J,     K, B,        h.data(), J * B, B,     a.data(), K * B,         B,
                a.data(), K * B, B, w.data(), B,        false, false, false,    size % 2 == 0, true});
    contract.add(h);
    for (int64_t c = 1; c <= nabla::kGramColumns; c++) {
      const auto y = numbers<T>(K * c * B, 11, false);
      auto g = numbers<T>(c * c * B, 12, false), scaledOut = numbers<T>(J * c * B, 13, false);
      k.denseGram({J,        K,        c,        B,
                   g.data(), c * B,    B,        W.data(),
                   J,        1,        y.data(), c * B,
                   B,        a.data(), B,        c % 2 == 0 ? a.data() + J * B : nullptr,
                   B,        s.data(), B,        scaledOut.data(),
                   c * B,    B,        T(-2),    size % 2 == 0});
      gram.add(g);
      gram.add(scaledOut);
    }
    auto acc = numbers<T>(J * K, 9, false);
    const nabla::OuterPair<T> pair{s.data(), B, C * B, x.data(), B, C * B, false, false};
    const nabla::OuterPair<T> other{out.data(), B, C * B, x.data(), B, C * B, false, false};
    const nabla::OuterPair<T> shared{bias.data(), 0, 1, x.data(), B, C * B, true, false};
    const int pairs = 1 + static_cast<int>(size) % nabla::kOuterPairs;
    // A shared factor is never narrow.
    const bool narrow = size % 2 == 0 && pairs < nabla::kOuterPairs;
    k.outerSum({J, K, C, B - 3, acc.data(), K, 1, pairs, narrow, {pair, other, pair, shared}});
    outer.add(acc);
    k.laneSum({K, B - 3, acc.data(), J, x.data(), C * B, false});
    lane.add(acc);
    k.reduceLast({J, K, acc.data(), 1, W.data(), K, 1, false});
    last.add(acc);
  }
  {
    // Rows of x far apart, put together on the way.
    const int64_t J = 80, K = 400, C = 3, B = 5 * L;
    const auto W = numbers<T>(K * J, 1, false), x = numbers<T>(K * C * B, 2, false);
    std::vector<T> packed(static_cast<std::size_t>(K * nabla::kPackedRow) / sizeof(T));
    auto out = numbers<T>(J * C * B, 3, false), g = numbers<T>(C * C * B, 4, false);
    k.dense({J, K,       C, B, out.data(), C * B, B, W.data(), 1, K, x.data(), C * B,
             B, nullptr, 0, 0, nullptr,    0,     0, nullptr,  0, 0, false,    packed.data()});
    dense.add(out);
    k.denseGram(
        {J,        K, C,       B, g.data(), C * B, B,          W.data(), 1, K,    x.data(), C * B,        B,
         x.data(), B, nullptr, 0, nullptr,  0,     out.data(), C * B,    B, T(1), false,    packed.data()});
    gram.add(out);
    gram.add(g);
  }
  lines.push_back({"dense" + dtype, dense.value()});
  lines.push_back({"denseGram" + dtype, gram.value()});
  lines.push_back({"contract" + dtype, contract.value()});
  lines.push_back({"outerSum" + dtype, outer.value()});
  lines.push_back({"laneSum" + dtype, lane.value()});
  lines.push_back({"reduceLast" + dtype, last.value()});
}

}  // namespace

int main() {
  std::vector<Line> first;
  bool same = true;
  for (const nabla::KernelTable* table : nabla::supportedTables()) {
    std::vector<Line> lines;
    hashAll<float>(table->f32, lines);
    hashAll<double>(table->f64, lines);
    std::fprintf(stderr, "%s: %zu kernels\n", table->isa, lines.size());
    if (first.empty()) first = lines;
    for (std::size_t i = 0; i < lines.size(); i++) {
      if (lines[i].hash != first[i].hash) {
        same = false;
        std::fprintf(stderr, "%s differs: %s\n", table->isa, lines[i].name.c_str());
      }
    }
  }
  for (const Line& line : first)
    std::printf("%016llx %s\n", static_cast<unsigned long long>(line.hash), line.name.c_str());
  return same ? 0 : 1;
}
