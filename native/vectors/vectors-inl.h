// The functions for one instruction set: the loops over lanes are written for the compiler to vectorise.
#include "vectors/vectors.h"

namespace nabla::vectors {
namespace {

constexpr std::size_t kLanes = 8;
// Elements gone over at once: what all vectors are multiplied with or added to stays in the first-level
// cache. Shorter stretches, of which those of 200 vectors fit the second level too, are slower: memory is
// read ahead along a vector, not from one to the next.
constexpr std::size_t kStretch = 1024;

// Registers as the compiler's own vectors: those of AVX2, else of SSE2 or NEON. They are never parameters or
// results, whose passing would depend on the instruction set. (One vector of all eight lanes, which the
// compiler would have to take apart, ran at half the speed.)
#if defined(NABLA_VECTORS_AVX2)
using Register = double __attribute__((vector_size(32)));
#else
using Register = double __attribute__((vector_size(16)));
#endif
constexpr std::size_t kWidth = sizeof(Register) / sizeof(double);
constexpr std::size_t kRegisters = kLanes / kWidth;

// on[r][k] += a[k] . x[r] for kMany vectors with each of kFew: so many sums side by side that their additions
// do not wait for each other, and no more than there are registers for.
template <std::size_t kMany, std::size_t kFew>
inline void addProducts(const double* const* a, std::size_t begin, std::size_t end, const double* const* x,
                        double* const* on, std::size_t first) {
  Register sums[kFew][kMany][kRegisters] = {};
  std::size_t i = begin;
  for (; i + kLanes <= end; i += kLanes) {
    for (std::size_t q = 0; q < kRegisters; ++q) {
      Register right[kFew];
      for (std::size_t r = 0; r < kFew; ++r)
        __builtin_memcpy(&right[r], x[r] + i + q * kWidth, sizeof(Register));
      for (std::size_t k = 0; k < kMany; ++k) {
        Register left;
        __builtin_memcpy(&left, a[k] + i + q * kWidth, sizeof left);
        for (std::size_t r = 0; r < kFew; ++r) sums[r][k][q] = sums[r][k][q] + left * right[r];
      }
    }
  }
  for (std::size_t r = 0; r < kFew; ++r) {
    for (std::size_t k = 0; k < kMany; ++k) {
      double lanes[kLanes];
      __builtin_memcpy(lanes, sums[r][k], sizeof lanes);
      for (std::size_t l = 0; i + l < end; ++l) lanes[l] = lanes[l] + a[k][i + l] * x[r][i + l];
      for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
        for (std::size_t l = 0; l < half; ++l) lanes[l] = lanes[l] + lanes[l + half];
      }
      on[r][first + k] = on[r][first + k] + lanes[0];
    }
  }
}

template <std::size_t kFew>
inline void addAllProducts(Many many, std::size_t begin, std::size_t end, const double* const* x,
                           double* const* on) {
  constexpr std::size_t kAtOnce = 4 / kFew;
  std::size_t k = 0;
  for (; k + kAtOnce <= many.size(); k += kAtOnce) {
    addProducts<kAtOnce, kFew>(&many[k], begin, end, x, on, k);
  }
  for (; k < many.size(); ++k) addProducts<1, kFew>(&many[k], begin, end, x, on, k);
}

template <std::size_t kFew>
inline void productsWith(Many many, std::size_t length, const double* const* x, double* const* on) {
  for (std::size_t r = 0; r < kFew; ++r) {
    for (std::size_t k = 0; k < many.size(); ++k) on[r][k] = 0;
  }
  for (std::size_t begin = 0; begin < length; begin += kStretch) {
    addAllProducts<kFew>(many, begin, begin + kStretch < length ? begin + kStretch : length, x, on);
  }
}

void products(Many many, std::size_t length, const double* x, double* onX, const double* y, double* onY) {
  const double* const few[] = {x, y};
  double* const on[] = {onX, onY};
  y == nullptr ? productsWith<1>(many, length, few, on) : productsWith<2>(many, length, few, on);
}

// A stretch of x by itself, so that the compiler knows it overlaps no vector.
void combine(Many many, const double* factors, double scale, std::size_t length, double* x, double* onX) {
  double part[kStretch];
  const double* const few[] = {x};
  double* const on[] = {onX};
  if (onX != nullptr) {
    for (std::size_t k = 0; k < many.size(); ++k) onX[k] = 0;
  }
  for (std::size_t begin = 0; begin < length; begin += kStretch) {
    const std::size_t n = length - begin < kStretch ? length - begin : kStretch;
    for (std::size_t i = 0; i < n; ++i) part[i] = x[begin + i];
    std::size_t k = 0;
    for (; k + 4 <= many.size(); k += 4) {
      const double *a = many[k] + begin, *b = many[k + 1] + begin, *c = many[k + 2] + begin,
                   *d = many[k + 3] + begin;
      const double p = factors[k], q = factors[k + 1], r = factors[k + 2], s = factors[k + 3];
      for (std::size_t i = 0; i < n; ++i) part[i] = part[i] + ((p * a[i] + q * b[i]) + (r * c[i] + s * d[i]));
    }
    for (; k < many.size(); ++k) {
      const double* a = many[k] + begin;
      for (std::size_t i = 0; i < n; ++i) part[i] = part[i] + factors[k] * a[i];
    }
    for (std::size_t i = 0; i < n; ++i) x[begin + i] = part[i] * scale;
    if (onX != nullptr) addAllProducts<1>(many, begin, begin + n, few, on);
  }
}

constexpr Functions kFunctions{products, combine};

}  // namespace
}  // namespace nabla::vectors
