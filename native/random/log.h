// Natural logarithm of a double, rounded to nearest in all but about one case in 2^13, and the same on every
// machine: random numbers drawn through the C library's logarithm would differ between libraries.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "random/double_double.h"
#include "random/log_table.h"

namespace nabla::random {
namespace {

// x = 2^k z with z in [0.6875, 1.375); r = z c - 1 with c from the table, |r| < 2^-7;
// log x = k log 2 - log c + log(1 + r), in which everything above 2^-70 of the result is carried in two
// doubles. log(0) = -inf, log(x < 0) = NaN, log(inf) = inf.
inline double naturalLog(double x) {
  constexpr double kLog2High = 0x1.62e42fefa3800p-1;  // 42 bits, so that k times it is exact
  constexpr double kLog2Low = 0x1.ef35793c76730p-45;
  constexpr std::uint64_t kOffset = 0x3FE6000000000000;  // 0.6875
  constexpr double kInfinity = std::numeric_limits<double>::infinity();

  if (!(x > 0)) return x == 0 ? -kInfinity : std::numeric_limits<double>::quiet_NaN();
  if (x == kInfinity) return x;
  double k = 0;
  if (x < std::numeric_limits<double>::min()) {
    x *= 0x1p52;
    k = -52;
  }
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t shifted = bits - kOffset;
  k += static_cast<double>(static_cast<std::int64_t>(shifted) >> 52);
  const LogRow row = kLogTable[(shifted >> 45) & 127];
  const double z = std::bit_cast<double>(bits - (shifted & 0xFFF0000000000000));

  // z c is within 2^-7 of 1, so the difference is exact, and what the product lost is added behind it.
  const DoubleDouble product = twoProduct(z, row.reciprocal);
  const DoubleDouble r = quickTwoSum(product.high - 1, product.low);
  const DoubleDouble square = twoProduct(r.high, r.high);
  const double squareLow = square.low + 2 * r.high * r.low;
  // r^3 (1/3 - r/4 + r^2/5 - ...): the first term left out is below 2^-73 r.
  double p = -1.0 / 10;
  p = std::fma(p, r.high, 1.0 / 9);
  p = std::fma(p, r.high, -1.0 / 8);
  p = std::fma(p, r.high, 1.0 / 7);
  p = std::fma(p, r.high, -1.0 / 6);
  p = std::fma(p, r.high, 1.0 / 5);
  p = std::fma(p, r.high, -1.0 / 4);
  p = std::fma(p, r.high, 1.0 / 3);
  const double cubic = p * r.high * square.high;

  const DoubleDouble constant = twoSum(k * kLog2High, row.high);
  const DoubleDouble linear = twoSum(constant.high, r.high);
  const DoubleDouble quadratic = twoSum(linear.high, -0.5 * square.high);
  const DoubleDouble high = twoSum(quadratic.high, cubic);
  const double low = constant.low + linear.low + quadratic.low + high.low +
                     (std::fma(k, kLog2Low, row.low) + (r.low - 0.5 * squareLow));
  return high.high + low;
}

}  // namespace
}  // namespace nabla::random
