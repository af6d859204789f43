// log1p and the inverse error function operation by operation as XLA's CPU back end computes them (jax 0.10,
// machines with FMA), because "the same bits" leaves no freedom: a more accurate log1p gives other normals in
// one case of a hundred. std::fma marks each product and sum that XLA fuses; everything else rounds after
// every operation.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "random/log.h"

namespace nabla::random {
namespace {

// Cephes' logf. XLA has no case for subnormals: they count as the smallest normal number.
inline float xlaLog(float x) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float normal = x > 0x1p-126f ? x : 0x1p-126f;
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(normal);
  const float exponent = static_cast<float>(static_cast<std::int32_t>(bits >> 23) - 126);
  const float significand = std::bit_cast<float>((bits & 0x807FFFFF) | 0x3F000000);  // [0.5, 1)
  const bool low = significand < 0x1.6a09e6p-1f;                                     // sqrt(1/2)
  const float e = low ? exponent - 1 : exponent;
  const float y = (significand - 1) + (low ? significand : 0.0f);
  const float y2 = y * y;
  const float y3 = y2 * y;
  float a = std::fma(y, 0x1.204376p-4f, -0x1.d7a37p-4f);
  const float b = std::fma(std::fma(y, -0x1.fcba9ep-4f, 0x1.23d37ep-3f), y, -0x1.555ca0p-3f);
  const float c = std::fma(std::fma(y, 0x1.999d58p-3f, -0x1.fffff8p-3f), y, 0x1.555554p-2f);
  a = std::fma(a, y, 0x1.de4a34p-4f);
  a = std::fma(a, y3, b);
  a = std::fma(a, y3, c);
  a = std::fma(a, y3, e * -0x1.bd0106p-13f);
  const float r = std::fma(-y2, 0.5f, y) + a;
  const float result = std::fma(e, 0x1.63p-1f, r);
  const float special = x == 0           ? -kInfinity
                        : x == kInfinity ? kInfinity
                                         : std::numeric_limits<float>::quiet_NaN();
  return ((x > 0) & (x < kInfinity)) ? result : special;
}

inline double xlaLog(double x) { return naturalLog(x); }

// Near 0 the rational function x - x^2/2 + x^3 P/Q of Cephes' log1p, elsewhere log(1 + x).
template <class T>
struct Log1p;

template <>
struct Log1p<float> {
  static constexpr float kEdge = 0x1.a8279ap-2f;  // sqrt(2) - 1
  static constexpr float kNumerator[] = {4.527e-5f,      0x1.fe818ap-2f, 0x1.a509f4p+2f, 0x1.de9738p+4f,
                                         0x1.e798ecp+5f, 0x1.c8e75ap+5f, 0x1.40a202p+4f};
  static constexpr float kDenominator[] = {1.0f,           0x1.e2035ap+3f, 0x1.4c30b6p+6f, 0x1.bb865ap+7f,
                                           0x1.351946p+8f, 0x1.b0db14p+7f, 0x1.e0f304p+5f};
};

template <>
struct Log1p<double> {
  static constexpr double kEdge = 0x1.a827999fcef32p-2;
  static constexpr double kNumerator[] = {0x1.7bc0962b395cap-15, 0x1.fe818a0fe1a83p-2, 0x1.a509f46f4fa53p+2,
                                          0x1.de9738b8cb9c9p+4,  0x1.e798eb86c3351p+5, 0x1.c8e7597479a10p+5,
                                          0x1.40a202d99830ap+4};
  static constexpr double kDenominator[] = {1.0,
                                            0x1.e20359e903e37p+3,
                                            0x1.4c30b52213498p+6,
                                            0x1.bb86590fcfb56p+7,
                                            0x1.351945dc908a5p+8,
                                            0x1.b0db13e48e066p+7,
                                            0x1.e0f304466448ep+5};
};

template <class T>
inline T xlaLog1p(T x) {
  T numerator = Log1p<T>::kNumerator[0];
  T denominator = Log1p<T>::kDenominator[0];
  for (std::size_t i = 1; i < 7; ++i) {
    numerator = std::fma(numerator, x, Log1p<T>::kNumerator[i]);
    denominator = std::fma(denominator, x, Log1p<T>::kDenominator[i]);
  }
  const T x2 = x * x;
  const T nearZero = x + std::fma(x2, T(-0.5), (x * x2) * (numerator / denominator));
  if constexpr (sizeof(T) == 4) {
    const T elsewhere = xlaLog(T(1) + x);  // both are computed: a select, and no branch, in every lane
    return std::fabs(x) < Log1p<T>::kEdge ? nearZero : elsewhere;
  } else {
    return std::fabs(x) < Log1p<T>::kEdge ? nearZero : xlaLog(T(1) + x);
  }
}

// M. Giles, "Approximating the erfinv function" (GPU Computing Gems, 2011): polynomials in w = -log(1 - x^2).
// x in [-1, 1]; +-1 gives +-inf.
inline float xlaErfInv(float x) {
  constexpr float kCentre[] = {0x1.e2cb1p-26f,   0x1.70966cp-22f, -0x1.d8e6aep-19f,
                               -0x1.26b582p-18f, 0x1.ca65b6p-13f, -0x1.48a81p-10f,
                               -0x1.11c9dep-8f,  0x1.f91ec6p-3f,  0x1.805c5ep+0f};
  constexpr float kTail[] = {-0x1.a3e136p-13f, 0x1.a76ad6p-14f, 0x1.61b8e4p-10f,
                             -0x1.e17bcep-9f,  0x1.7824f6p-8f,  -0x1.f38baep-8f,
                             0x1.354afcp-7f,   0x1.006db6p+0f,  0x1.6a9efcp+1f};
  const float w = -xlaLog1p(x * -x);
  const bool centre = w < 5;
  const float t = centre ? w - 2.5f : std::sqrt(w) - 3;
  float p = centre ? kCentre[0] : kTail[0];
  for (std::size_t i = 1; i < 9; ++i) p = std::fma(p, t, centre ? kCentre[i] : kTail[i]);
  return std::fabs(x) == 1 ? x * std::numeric_limits<float>::infinity() : p * x;
}

inline double xlaErfInv(double x) {
  constexpr double kCentre[] = {
      -3.64441206401782e-21,   -1.6850591381820166e-19, 1.28584807152564e-18,    1.1157877678025181e-17,
      -1.3331716628546209e-16, 2.0972767875968562e-17,  6.6376381343583238e-15,  -4.0545662729752069e-14,
      -8.1519341976054722e-14, 2.6335093153082323e-12,  -1.2975133253453532e-11, -5.4154120542946279e-11,
      1.0512122733215323e-09,  -4.1126339803469837e-09, -2.9070369957882005e-08, 4.2347877827932404e-07,
      -1.3654692000834679e-06, -1.3882523362786469e-05, 0.00018673420803405714,  -0.000740702534166267,
      -0.0060336708714301491,  0.24015818242558962,     1.6536545626831027};
  constexpr double kMiddle[] = {
      2.2137376921775787e-09,  9.0756561938885391e-08, -2.7517406297064545e-07, 1.8239629214389228e-08,
      1.5027403968909828e-06,  -4.013867526981546e-06, 2.9234449089955446e-06,  1.2475304481671779e-05,
      -4.7318229009055734e-05, 6.8284851459573175e-05, 2.4031110387097894e-05,  -0.00035503752036284748,
      0.0009532893797373805,   -0.0016882755560235047, 0.0024914420961078508,   -0.0037512085075692412,
      0.0053709145535900636,   1.0052589676941592,     3.0838856104922208};
  constexpr double kTail[] = {-2.7109920616438573e-11, -2.5556418169965252e-10, 1.5076572693500548e-09,
                              -3.789465440126737e-09,  7.61570120807834e-09,    -1.496002662714924e-08,
                              2.9147953450901081e-08,  -6.7711997758452339e-08, 2.2900482228026655e-07,
                              -9.9298272942317e-07,    4.5260625972231537e-06,  -1.9681778105531671e-05,
                              7.5995277030017761e-05,  -0.00021503011930044477, -0.00013871931833623122,
                              1.0103004648645344,      4.8499064014085844};
  const auto horner = [](const auto& coefficients, double t) {
    double p = 0;
    for (const double c : coefficients) p = std::fma(p, t, c);
    return p;
  };
  if (std::fabs(x) == 1) return x * std::numeric_limits<double>::infinity();
  const double w = -xlaLog1p(x * -x);
  const double p = w < 6.25 ? horner(kCentre, w - 3.125)
                   : w < 16 ? horner(kMiddle, std::sqrt(w) - 3.25)
                            : horner(kTail, std::sqrt(w) - 5);
  return p * x;
}

}  // namespace
}  // namespace nabla::random
