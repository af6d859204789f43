// fmaPeak(isa, dtype, milliseconds): floating-point operations per second of nothing but fused multiply-adds,
// on the calling thread, the yardstick of bench/. The best of repetitions of about a millisecond: what
// another process takes away is not the machine's peak.
#include <algorithm>
#include <chrono>
#include <string>

#include "kernels/table.h"
#include "testing/testing.h"

namespace nabla::testing {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

template <class T>
double measure(const Kernels<T>& kernels, double milliseconds) {
  T sink = 1;
  int64_t steps = 1024;
  for (;; steps *= 2) {
    const auto start = Clock::now();
    kernels.fmaPeak(steps, &sink);
    if (since(start) > 1e-3) break;
  }
  double best = 0;
  const auto begin = Clock::now();
  do {
    const auto start = Clock::now();
    const auto flops = static_cast<double>(kernels.fmaPeak(steps, &sink));
    best = std::max(best, flops / since(start));
  } while (since(begin) < milliseconds * 1e-3);
  return best;
}

Napi::Value fmaPeak(const Napi::CallbackInfo& info) {
  const std::string isa = info[0].As<Napi::String>(), dtype = info[1].As<Napi::String>();
  const double milliseconds = info[2].As<Napi::Number>().DoubleValue();
  const KernelTable* table = findTable(isa);
  if (table == nullptr) throw Napi::Error::New(info.Env(), "this machine cannot run " + isa);
  const double peak =
      dtype == "float32" ? measure(table->f32, milliseconds) : measure(table->f64, milliseconds);
  return Napi::Number::New(info.Env(), peak);
}

}  // namespace

void registerPeak(Napi::Env env, Napi::Object exports) {
  exports.Set("fmaPeak", Napi::Function::New(env, fmaPeak, "fmaPeak"));
}

}  // namespace nabla::testing
