#if defined(__x86_64__) || defined(_M_X64)
#include "../simd/headers.h"
#include "table.h"
#include "tables.h"

#define NABLA_ISA avx2
#define NABLA_ISA_AVX2 1
// Their order matters; the empty lines keep the formatter from sorting them.
#include "../simd/begin-avx2-inl.h"

#include "kernels-inl.h"

#include "../simd/end-inl.h"

namespace nabla {
constinit const KernelTable kAvx2Table = {"avx2", 32, avx2::makeKernels<float>(),
                                          avx2::makeKernels<double>()};
}  // namespace nabla
#endif
