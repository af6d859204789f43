#if defined(__x86_64__) || defined(_M_X64)
#include "../simd/headers.h"
#include "table.h"
#include "tables.h"

#define NABLA_ISA avx512
#define NABLA_ISA_AVX512 1
// Their order matters; the empty lines keep the formatter from sorting them.
#include "../simd/begin-avx512-inl.h"

#include "kernels-inl.h"

#include "../simd/end-inl.h"

namespace nabla {
constinit const KernelTable kAvx512Table = {"avx512", 64, avx512::makeKernels<float>(),
                                            avx512::makeKernels<double>()};
}  // namespace nabla
#endif
