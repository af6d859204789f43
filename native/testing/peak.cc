// fmaPeak(isa, dtype, threads, milliseconds): floating-point operations per second of nothing but fused
// multiply-adds on so many threads at once, the caller's among them: the yardstick of bench/. Short enough to
// be taken between the calls it measures, and in registers alone, so that it leaves the caches to them.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "addon/errors.h"
#include "kernels/table.h"
#include "testing/testing.h"

namespace nabla::testing {
namespace {

using Clock = std::chrono::steady_clock;

// Some ten microseconds: reading the clock in between costs a few thousandths.
constexpr int64_t kSteps = 4096;

// A worker of nabla's pool looks for more work so long before it sleeps; until then it keeps its processor
// from a helper, which would share the caller's.
constexpr double kWorkersAwake = 100e-6;

template <class T>
double rate(const Kernels<T>& kernels, double seconds) {
  T sink = 1;
  double flops = 0, took = 0;
  const auto begin = Clock::now();
  do {
    flops += static_cast<double>(kernels.fmaPeak(kSteps, &sink));
    took = std::chrono::duration<double>(Clock::now() - begin).count();
  } while (took < seconds);
  return flops / took;
}

template <class T>
double burst(const Kernels<T>& kernels, int threads, double seconds) {
  if (threads == 1) return rate(kernels, seconds);
  std::atomic<int> missing{threads};
  std::vector<double> rates(static_cast<size_t>(threads));
  const auto take = [&](size_t i) {
    --missing;
    while (missing.load() > 0) std::this_thread::yield();
    rates[i] = rate(kernels, seconds);
  };
  std::vector<std::thread> helpers;
  const auto join = [&] {
    for (std::thread& helper : helpers) helper.join();
  };
  rate(kernels, kWorkersAwake);
  try {
    for (size_t i = 1; i < rates.size(); ++i) helpers.emplace_back(take, i);
  } catch (...) {
    // The system has no more threads: those that wait for the rest must not.
    missing = 0;
    join();
    throw;
  }
  take(0);
  join();
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

Napi::Value fmaPeak(const Napi::CallbackInfo& info) {
  const std::string isa = info[0].As<Napi::String>(), dtype = info[1].As<Napi::String>();
  const int threads = std::max(1, info[2].As<Napi::Number>().Int32Value());
  const double seconds = info[3].As<Napi::Number>().DoubleValue() * 1e-3;
  const KernelTable* table = findTable(isa);
  if (table == nullptr) throw Napi::Error::New(info.Env(), "this machine cannot run " + isa);
  const double flops =
      dtype == "float32" ? burst(table->f32, threads, seconds) : burst(table->f64, threads, seconds);
  return Napi::Number::New(info.Env(), flops);
}

}  // namespace

void registerPeak(Napi::Env env, Napi::Object exports) { addon::expose<fmaPeak>(env, exports, "fmaPeak"); }

}  // namespace nabla::testing
