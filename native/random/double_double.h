// Sums and products of doubles with their rounding errors: a number as the unevaluated sum high + low, about
// 106 bits. For the few places where random numbers need a function rounded as if computed exactly.
#pragma once

#include <cmath>

namespace nabla::random {
namespace {  // compiled once per instruction set: nothing here may be shared between them

struct DoubleDouble {
  double high, low;
};

// a + b exactly, any magnitudes (Knuth).
inline DoubleDouble twoSum(double a, double b) {
  const double sum = a + b;
  const double shareOfB = sum - a;
  return {sum, (a - (sum - shareOfB)) + (b - shareOfB)};
}

// a + b exactly where |a| >= |b| or a = 0 (Dekker).
inline DoubleDouble quickTwoSum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

// a * b exactly.
inline DoubleDouble twoProduct(double a, double b) {
  const double product = a * b;
  return {product, std::fma(a, b, -product)};
}

inline DoubleDouble add(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble high = twoSum(a.high, b.high);
  return quickTwoSum(high.high, high.low + (a.low + b.low));
}

inline DoubleDouble multiply(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble product = twoProduct(a.high, b.high);
  return quickTwoSum(product.high, product.low + (a.high * b.low + a.low * b.high));
}

inline DoubleDouble divide(DoubleDouble a, double b) {
  const double quotient = a.high / b;
  const double rest = std::fma(-quotient, b, a.high) + a.low;
  return quickTwoSum(quotient, rest / b);
}

inline DoubleDouble divide(DoubleDouble a, DoubleDouble b) {
  const double quotient = a.high / b.high;
  const double rest = std::fma(-quotient, b.high, a.high) + (a.low - quotient * b.low);
  return quickTwoSum(quotient, rest / b.high);
}

}  // namespace
}  // namespace nabla::random
