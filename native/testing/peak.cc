// fmaPeak(isa, dtype, threads, milliseconds): floating-point operations per second of nothing but fused
// multiply-adds on so many threads at once, the caller's among them: the yardstick of bench/. Short enough to
// be taken between the calls it measures, and in registers alone, so that it leaves the caches to them.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
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
constexpr auto kWorkersAwake = std::chrono::microseconds(100);

// A thread that has not begun by then finds no free processor. That is the machine of the moment, which a
// call would have met as well: the burst goes on without it.
constexpr auto kGrace = std::chrono::microseconds(200);

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

// Operations per second from now to `end`.
template <class T>
double rate(const Kernels<T>& kernels, Clock::time_point end) {
  T sink = 1;
  double flops = 0;
  const auto begin = Clock::now();
  auto now = begin;
  for (; now < end; now = Clock::now()) flops += static_cast<double>(kernels.fmaPeak(kSteps, &sink));
  return now > begin ? flops / seconds(now - begin) : 0;
}

template <class T>
double burst(const Kernels<T>& kernels, int threads, Clock::duration length) {
  if (threads == 1) return rate(kernels, Clock::now() + length);
  std::atomic<int> missing{threads - 1};
  std::atomic<bool> begun{false};
  Clock::time_point end;
  std::vector<double> rates(static_cast<size_t>(threads));
  const auto help = [&](size_t i) {
    --missing;
    while (!begun) std::this_thread::yield();
    const auto begin = Clock::now();
    // A late one was there for a part of the burst, or for none of it.
    if (begin < end) rates[i] = rate(kernels, end) * std::min(1.0, seconds(end - begin) / seconds(length));
  };
  std::vector<std::thread> helpers;
  const auto join = [&] {
    for (std::thread& helper : helpers) helper.join();
  };
  rate(kernels, Clock::now() + kWorkersAwake);
  try {
    for (size_t i = 1; i < rates.size(); ++i) helpers.emplace_back(help, i);
  } catch (...) {
    // The system has no more threads; those there are see an end that has passed.
    begun = true;
    join();
    throw;
  }
  for (const auto late = Clock::now() + kGrace; missing > 0 && Clock::now() < late;) {
  }
  end = Clock::now() + length;
  begun = true;
  rates[0] = rate(kernels, end);
  join();
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

Napi::Value fmaPeak(const Napi::CallbackInfo& info) {
  const std::string isa = info[0].As<Napi::String>(), dtype = info[1].As<Napi::String>();
  const int threads = std::max(1, info[2].As<Napi::Number>().Int32Value());
  const auto length = std::chrono::microseconds(
      std::max<int64_t>(1, std::llround(info[3].As<Napi::Number>().DoubleValue() * 1e3)));
  const KernelTable* table = findTable(isa);
  if (table == nullptr) throw Napi::Error::New(info.Env(), "this machine cannot run " + isa);
  const double flops =
      dtype == "float32" ? burst(table->f32, threads, length) : burst(table->f64, threads, length);
  return Napi::Number::New(info.Env(), flops);
}

}  // namespace

void registerPeak(Napi::Env env, Napi::Object exports) { addon::expose<fmaPeak>(env, exports, "fmaPeak"); }

}  // namespace nabla::testing
