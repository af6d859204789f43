// Errors of the elementwise functions in units of the last place, against the C library at higher precision.
#pragma once

#include <cstdint>

#include "kernels/table.h"

namespace nabla::testing {

struct UlpReport {
  double maxUlp = 0;         // infinite for a wrong zero's sign, a wrong NaN or a wrong infinity
  double worst[2] = {0, 0};  // arguments it was found at
  uint64_t count = 0;
};

// float32 arguments whose bit patterns are first, first + stride, ... (modulo 2^32), `count` of them. For
// two-argument functions, and for float64 in general, the patterns are drawn from a generator seeded by
// `first`; half of them have exponents between -40 and 12, the rest any pattern. References: double for
// float32, long double for float64 (on x86-64, 64 bits of mantissa: good to 2^-10 ulp).
UlpReport sweepFloat32(const Kernels<float>& kernels, int op, uint64_t first, uint64_t count,
                       uint64_t stride);
UlpReport sweepFloat64(const Kernels<double>& kernels, int op, uint64_t first, uint64_t count);

}  // namespace nabla::testing
