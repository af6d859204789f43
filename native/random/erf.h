// The error function at the bounds of a truncated normal, as XLA's CPU back end has it.
#pragma once

#include <cmath>

#include "random/double_double.h"

namespace nabla::random {
namespace {

// float32: x times a rational function in x^2 (Eigen's coefficients, XLA's fused multiply-adds), 1
// beyond 3.7439.
inline float errorFunction(float x) {
  constexpr float kEdge = 0x1.df38dp+1f;  // 0x406F9C68
  if (std::fabs(x) >= kEdge) return std::copysign(1.0f, x);
  const float square = x * x;
  float p = std::fma(square, 0x1.e05aa2p-13f, 0x1.bebb44p-9f);
  p = std::fma(p, square, 0x1.a16dd6p-5f);
  p = std::fma(p, square, 0x1.7b4e8p-3f);
  p = std::fma(p, square, 0x1.20dd74p+0f);
  float q = std::fma(square, -0x1.fa720cp-24f, 0x1.8b11bep-16f);
  q = std::fma(q, square, 0x1.0ada5p-10f);
  q = std::fma(q, square, 0x1.cd0fa8p-7f);
  q = std::fma(q, square, 0x1.c69842p-4f);
  q = std::fma(q, square, 0x1.fd6894p-2f);
  q = std::fma(q, square, 1.0f);
  return (x * p) / q;
}

// float64: rounded to nearest from about 100 bits. XLA calls the C library here, whose last bit depends on
// its version. erf x = 2/sqrt(pi) x e^(-y) sum y^n 2^n / (1 3 5 .. (2n + 1)) with y = x^2 (Abramowitz and
// Stegun 7.1.6): a quotient of two series of positive terms, so nothing cancels. Beyond 6, 1 - erf x is below
// 2^-55.
inline double errorFunction(double x) {
  if (!(std::fabs(x) < 6)) return std::isnan(x) ? x : std::copysign(1.0, x);
  if (x == 0) return x;
  const DoubleDouble y = twoProduct(x, x);
  DoubleDouble term{1, 0}, sum{1, 0}, expTerm{1, 0}, exp{1, 0};
  // Terms shrink from n = y <= 36 on; at n = 200 they are below 2^-150 of the sum.
  for (int n = 1; n < 200; ++n) {
    expTerm = divide(multiply(expTerm, y), n);
    exp = add(exp, expTerm);
    term = divide(multiply(term, {2 * y.high, 2 * y.low}), 2 * n + 1);
    sum = add(sum, term);
    if (term.high < 0x1p-110 * sum.high && expTerm.high < 0x1p-110 * exp.high) break;
  }
  constexpr DoubleDouble kTwoOverRootPi{0x1.20dd750429b6dp+0, 0x1.1ae3a914fed80p-56};
  const DoubleDouble result = divide(multiply(multiply(kTwoOverRootPi, {x, 0}), sum), exp);
  return result.high + result.low;
}

}  // namespace
}  // namespace nabla::random
