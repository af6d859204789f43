// Micro-benchmark of the kernel layer: GFLOP/s of each kernel beside the FMA peak measured in the same run,
// per instruction set and dtype. Times are the best of several repetitions: on a shared machine the least
// disturbed one is the kernel's.
//
//   kernels [isa ...]      default: every instruction set this machine has but scalar
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/table.h"

namespace {

using nabla::KernelTable;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Seconds of one call of f, from repetitions of at least 2 ms.
template <class F>
double seconds(F f) {
  int64_t calls = 1;
  for (;;) {
    const double start = now();
    for (int64_t i = 0; i < calls; i++) f();
    if (now() - start > 1e-3) break;
    calls *= 2;
  }
  double best = 1e30;
  for (int repetition = 0; repetition < 8; repetition++) {
    const double start = now();
    for (int64_t i = 0; i < 2 * calls; i++) f();
    best = std::min(best, (now() - start) / static_cast<double>(2 * calls));
  }
  return best;
}

template <class T>
struct Buffer {
  std::vector<T> storage;
  T* data;
  explicit Buffer(int64_t n) : storage(static_cast<std::size_t>(n) + 64) {
    auto address = reinterpret_cast<std::uintptr_t>(storage.data());
    data = storage.data() + ((64 - address % 64) % 64) / sizeof(T);
    for (int64_t i = 0; i < n; i++) data[i] = static_cast<T>(static_cast<double>(i * 7919 % 1000) * 1e-3 - 0.5);
  }
};

// Row length in elements: what is needed, plus 128 bytes where rows would lie a multiple of 4 KiB apart.
template <class T>
int64_t padded(int64_t n) {
  const int64_t bytes = n * static_cast<int64_t>(sizeof(T));
  return bytes % 4096 == 0 ? n + 128 / static_cast<int64_t>(sizeof(T)) : n;
}

template <class T>
class Bench {
 public:
  explicit Bench(const KernelTable& table) : kernels_(table.kernels<T>()), isa_(table.isa) {
    T sink = 1;
    int64_t flops = 0;
    const double s = seconds([&] { flops = kernels_.fmaPeak(1000, &sink); });
    peak_ = static_cast<double>(flops) / s * 1e-9;
    std::printf("%-7s %-8s FMA peak %.1f GFLOP/s\n", isa_, dtype(), peak_);
  }

  void dense(int64_t J, int64_t K, int64_t C, int64_t B, bool transposed, bool scaled) {
    const int64_t row = padded<T>(C * B);
    Buffer<T> W(J * K), x(K * row), out(J * row), scale(J * row), bias(J);
    Buffer<T> packed(K * nabla::kPackedRow / int64_t{sizeof(T)});
    nabla::DenseArgs<T> a{};
    a.J = J, a.K = K, a.C = C, a.B = B;
    a.out = out.data, a.outJ = row, a.outC = B;
    a.W = W.data, a.wK = transposed ? 1 : J, a.wJ = transposed ? K : 1;
    a.x = x.data, a.xK = row, a.xC = B;
    a.bias = scaled ? nullptr : bias.data, a.biasJ = 1, a.biasColumns = 1;
    a.scale = scaled ? scale.data : nullptr, a.scaleJ = row, a.scaleC = B;
    a.packed = packed.data;
    const double s = seconds([&] { kernels_.dense(a); });
    report("dense", 2.0 * double(J) * double(K) * double(C) * double(B), s, "%lldx%lld C=%lld B=%lld%s%s", J,
           K, C, B, transposed ? " transposed" : "", scaled ? " scaled" : "");
  }

  void contract(int64_t d, int64_t K, int64_t B, bool symmetric) {
    const int64_t row = padded<T>(d * B);
    Buffer<T> x(K * row), y(K * row), w(K * B), out(d * d * B);
    nabla::ContractArgs<T> a{};
    a.I = a.J = d, a.K = K, a.B = B;
    a.out = out.data, a.outI = d * B, a.outJ = B;
    a.a = x.data, a.aI = B, a.aK = row;
    a.b = symmetric ? x.data : y.data, a.bJ = B, a.bK = row;
    a.w = w.data, a.wK = B;
    a.accumulate = true, a.symmetric = symmetric;
    const double s = seconds([&] { kernels_.contract(a); });
    const double pairs = symmetric ? double(d) * double(d + 1) / 2 : double(d) * double(d);
    report("contract", 2.0 * pairs * double(K) * double(B), s, "d=%lld K=%lld B=%lld%s", d, K, B,
           symmetric ? " symmetric" : "");
  }

  void outerSum(int64_t I, int64_t J, int64_t R, int64_t B) {
    const int64_t rowA = padded<T>(R * B), rowB = padded<T>(R * B);
    Buffer<T> x(I * rowA), y(J * rowB), acc(I * J);
    nabla::OuterSumArgs<T> a{};
    a.I = I, a.J = J, a.R = R, a.lanes = B;
    a.acc = acc.data, a.accI = J, a.accJ = 1;
    a.pairs = 1;
    a.pair[0] = {x.data, B, rowA, y.data, B, rowB, false, false};
    a.narrow = nabla::isNarrowOuter(a);
    const double s = seconds([&] {
      std::memset(acc.data, 0, static_cast<std::size_t>(I * J) * sizeof(T));
      kernels_.outerSum(a);
    });
    report("outerSum", 2.0 * double(I) * double(J) * double(R) * double(B), s, "%lldx%lld R=%lld lanes=%lld",
           I, J, R, B);
  }

  void elementwise(const char* name, int op, int arity, int64_t rows, int64_t n) {
    const int64_t row = padded<T>(n);
    Buffer<T> x(rows * row), y(rows * row), z(rows * row), out(rows * row);
    nabla::ElementwiseArgs<T> a{};
    a.rows = rows, a.n = n;
    a.out = out.data, a.outRow = row;
    a.in[0] = x.data, a.inRow[0] = row;
    a.in[1] = y.data, a.inRow[1] = row;
    a.in[2] = z.data, a.inRow[2] = row;
    (void)arity;
    const double s = seconds([&] { kernels_.elementwise[op](a); });
    std::printf("%-7s %-8s %-9s %-34s %8.3f ns/element\n", isa_, dtype(), name,
                (std::to_string(rows) + " rows of " + std::to_string(n)).c_str(), s * 1e9 / double(rows * n));
  }

  void activation(const char* name, int kind, int64_t rows, int64_t n) {
    Buffer<T> z(rows * n), value(rows * n), slope(rows * n);
    nabla::ActivationArgs<T> a{};
    a.rows = rows, a.n = n;
    a.z = z.data, a.zRow = n;
    a.value = value.data, a.valueRow = n;
    a.slope = slope.data, a.slopeRow = n;
    const double s = seconds([&] { kernels_.activation[kind](a); });
    std::printf("%-7s %-8s %-9s %-34s %8.3f ns/element\n", isa_, dtype(), name,
                (std::to_string(rows) + " rows of " + std::to_string(n)).c_str(), s * 1e9 / double(rows * n));
  }

  void move(int64_t rows, int64_t lanes) {
    Buffer<T> panel(rows * lanes), array(rows * lanes);
    nabla::GatherArgs<T> g{};
    g.rows = rows, g.lanes = g.B = lanes;
    g.out = panel.data, g.outRow = lanes;
    g.src = array.data, g.srcRow = 1, g.srcLane = rows;
    nabla::ScatterArgs<T> c{};
    c.rows = rows, c.lanes = lanes;
    c.src = panel.data, c.srcRow = lanes;
    c.dst = array.data, c.dstRow = 1, c.dstLane = rows;
    const int type = sizeof(T) == 4 ? 0 : 1;
    const double count = double(rows * lanes) * 1e-9;
    const double gather = seconds([&] { kernels_.gather[type](g); }),
                 scatter = seconds([&] { kernels_.scatter[type](c); });
    std::printf("%-7s %-8s %-9s %-34s %8.3f ns/element, scatter %.3f\n", isa_, dtype(), "gather",
                (std::to_string(rows) + " x " + std::to_string(lanes) + " lanes").c_str(), gather / count,
                scatter / count);
  }

 private:
  static const char* dtype() { return sizeof(T) == 4 ? "float32" : "float64"; }

  template <class... A>
  void report(const char* kernel, double flops, double s, const char* format, A... args) {
    char what[96];
    std::snprintf(
        what, sizeof(what), format,
        static_cast<std::conditional_t<std::is_same_v<A, const char*>, const char*, long long>>(args)...);
    const double rate = flops / s * 1e-9;
    std::printf("%-7s %-8s %-9s %-34s %8.1f GFLOP/s %5.1f %%  %9.2f us\n", isa_, dtype(), kernel, what, rate,
                100 * rate / peak_, s * 1e6);
  }

  const nabla::Kernels<T>& kernels_;
  const char* isa_;
  double peak_ = 0;
};

template <class T>
void run(const KernelTable& table) {
  Bench<T> b(table);
  const int64_t wide = 256 / static_cast<int64_t>(sizeof(T));  // lanes of 256 bytes
  for (const bool transposed : {false, true}) {
    for (const int64_t n : {20, 64, 128, 256, 512}) {
      b.dense(n, n, 4, wide, transposed, transposed);
      if (n >= 64) b.dense(n, n, 4, wide / 2, transposed, transposed);
    }
  }
  b.dense(20, 3, 1, wide, false, false);
  b.dense(20, 20, 1, wide, false, false);
  b.dense(1, 20, 4, wide, false, false);
  b.dense(1, 64, 1, wide, false, false);
  b.dense(3, 20, 1, wide, true, true);
  b.dense(65, 65, 4, wide, false, false);
  for (const int64_t d : {1, 2, 3, 4, 10, 32, 128}) b.contract(d, 64, d > 4 ? wide / 4 : wide, true);
  b.contract(3, 20, wide, true);
  b.contract(16, 64, wide, false);
  for (const int64_t n : {20, 50, 128, 256}) b.outerSum(n, n, 4, wide);
  b.outerSum(20, 20, 1, wide);
  const struct {
    const char* name;
    int op, arity;
  } ops[] = {{"copy", 0, 1},  {"square", 4, 1}, {"add", 32, 2},     {"mul", 34, 2},      {"fma", 65, 3},
             {"tanh", 13, 1}, {"exp", 7, 1},    {"log", 9, 1},      {"log1p", 10, 1},    {"sin", 11, 1},
             {"cos", 12, 1},  {"expm1", 8, 1},  {"sigmoid", 14, 1}, {"softplus", 15, 1}, {"erf", 16, 1},
             {"erfc", 17, 1}, {"pow", 38, 2},   {"atan2", 47, 2}};
  for (const auto& op : ops) b.elementwise(op.name, op.op, op.arity, 20, wide);
  b.activation("tanh + s", 0, 20, wide);
  b.activation("sin + s", 1, 20, wide);
  b.activation("sigm + s", 2, 20, wide);
  b.activation("softp + s", 3, 20, wide);
  for (const int64_t rows : {1, 3, 9, 20}) b.move(rows, wide);
}

}  // namespace

int main(int argc, char** argv) {
  for (const KernelTable* table : nabla::supportedTables()) {
    bool wanted = argc < 2 && std::strcmp(table->isa, "scalar") != 0;
    for (int i = 1; i < argc; i++) wanted = wanted || std::strcmp(argv[i], table->isa) == 0;
    if (!wanted) continue;
    run<float>(*table);
    run<double>(*table);
  }
  return 0;
}
