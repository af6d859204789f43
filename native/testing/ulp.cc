#include "testing/ulp.h"

#include <bit>
#include <cmath>
#include <future>
#include <limits>
#include <type_traits>
#include <vector>

#include "exec/thread_pool.h"

namespace nabla::testing {
namespace {

template <class R>
R reference(int op, R x, R y) {
  switch (op) {
    case 5:
      return std::sqrt(x);
    case 6:
      return 1 / x;
    case 7:
      return std::exp(x);
    case 8:
      return std::expm1(x);
    case 9:
      return std::log(x);
    case 10:
      return std::log1p(x);
    case 11:
      return std::sin(x);
    case 12:
      return std::cos(x);
    case 13:
      return std::tanh(x);
    case 14:
      return 1 / (1 + std::exp(-x));
    case 15:
      return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
    case 16:
      return std::erf(x);
    case 17:
      return std::erfc(x);
    case 38:
      return std::pow(x, y);
    case 47:
      return std::atan2(x, y);
    default:
      return std::numeric_limits<R>::quiet_NaN();
  }
}

template <class T, class R>
double ulpError(T value, R exact) {
  constexpr double kWrong = std::numeric_limits<double>::infinity();
  constexpr int kDigits = std::numeric_limits<T>::digits, kLeast = std::numeric_limits<T>::min_exponent - 1;
  if (std::isnan(exact) || std::isnan(value)) return std::isnan(exact) && std::isnan(value) ? 0 : kWrong;
  if (std::signbit(exact) != std::signbit(value)) return kWrong;
  if (std::isinf(exact)) return std::isinf(value) ? 0 : kWrong;
  if (std::isinf(value)) {
    // Right if the exact result rounds beyond the largest number, else a whole ulp off.
    const R halfway = static_cast<R>(std::numeric_limits<T>::max()) * (1 + std::ldexp(R(1), -kDigits - 1));
    return std::fabs(exact) >= halfway                                         ? 0
           : std::fabs(exact) >= static_cast<R>(std::numeric_limits<T>::max()) ? 1
                                                                               : kWrong;
  }
  int exponent = kLeast;
  if (exact != 0) exponent = std::max(kLeast, std::ilogb(exact));
  return static_cast<double>(std::fabs(std::ldexp(static_cast<R>(value) - exact, kDigits - 1 - exponent)));
}

// splitmix64 (Steele, Lea, Flood)
uint64_t random64(uint64_t& state) {
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

template <class T>
T drawn(uint64_t& state) {
  const uint64_t bits = random64(state);
  if ((random64(state) & 1) == 0) {
    const double magnitude = std::ldexp(1 + std::ldexp(static_cast<double>(bits >> 12), -52),
                                        static_cast<int>(random64(state) % 53) - 40);
    return static_cast<T>((bits & 1) != 0 ? -magnitude : magnitude);
  }
  if constexpr (sizeof(T) == 4) {
    return std::bit_cast<float>(static_cast<uint32_t>(bits));
  } else {
    return std::bit_cast<double>(bits);
  }
}

template <class T, class R>
UlpReport sweep(const Kernels<T>& kernels, int op, uint64_t first, uint64_t count, uint64_t stride) {
  constexpr int kPiece = 256;
  T x[kPiece], y[kPiece], out[kPiece];
  const bool binary = op >= 32;
  UlpReport report;
  uint64_t state = first, pattern = first;
  ElementwiseArgs<T> args{};
  args.rows = 1;
  args.out = out;
  args.in[0] = x;
  args.in[1] = y;
  for (uint64_t done = 0; done < count; done += kPiece) {
    const int n = static_cast<int>(count - done < kPiece ? count - done : kPiece);
    for (int i = 0; i < n; i++) {
      if (sizeof(T) == 4 && !binary) {
        x[i] = static_cast<T>(std::bit_cast<float>(static_cast<uint32_t>(pattern)));
        pattern += stride;
      } else {
        x[i] = drawn<T>(state);
      }
      y[i] = binary ? drawn<T>(state) : T(0);
    }
    args.n = n;
    kernels.elementwise[op](args);
    for (int i = 0; i < n; i++) {
      const double error =
          ulpError<T, R>(out[i], reference<R>(op, static_cast<R>(x[i]), static_cast<R>(y[i])));
      if (!(error <= report.maxUlp)) {
        report.maxUlp = error;
        report.worst[0] = static_cast<double>(x[i]);
        report.worst[1] = static_cast<double>(y[i]);
      }
    }
    report.count += static_cast<uint64_t>(n);
  }
  return report;
}

}  // namespace

UlpReport sweepFloat32(const Kernels<float>& kernels, int op, uint64_t first, uint64_t count,
                       uint64_t stride) {
  // All patterns of a function take minutes, so they are spread over the processors.
  constexpr uint64_t kWorthThreads = uint64_t{1} << 24;
  if (op >= 32 || count < kWorthThreads) return sweep<float, double>(kernels, op, first, count, stride);
  const auto parts = static_cast<uint64_t>(defaultThreadCount());
  std::vector<std::future<UlpReport>> reports;
  for (uint64_t part = 0; part < parts; part++) {
    const uint64_t begin = count / parts * part;
    const uint64_t end = part + 1 == parts ? count : count / parts * (part + 1);
    reports.push_back(std::async(std::launch::async, [&kernels, op, first, stride, begin, end] {
      return sweep<float, double>(kernels, op, first + stride * begin, end - begin, stride);
    }));
  }
  UlpReport all;
  for (auto& one : reports) {
    const UlpReport report = one.get();
    const uint64_t tried = all.count + report.count;
    if (report.maxUlp > all.maxUlp) all = report;
    all.count = tried;
  }
  return all;
}

UlpReport sweepFloat64(const Kernels<double>& kernels, int op, uint64_t first, uint64_t count) {
  return sweep<double, long double>(kernels, op, first, count, 0);
}

}  // namespace nabla::testing
