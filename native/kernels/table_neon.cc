#if defined(__aarch64__)
#include "../simd/headers.h"
#include "table.h"
#include "tables.h"

#define NABLA_ISA neon
#define NABLA_ISA_NEON 1
#include "kernels-inl.h"

namespace nabla {
constinit const KernelTable kNeonTable = {"neon", 16, neon::makeKernels<float>(),
                                          neon::makeKernels<double>()};
}  // namespace nabla
#endif
