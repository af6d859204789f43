#include "../simd/headers.h"
#include "table.h"
#include "tables.h"

#define NABLA_ISA scalar
#define NABLA_ISA_SCALAR 1
#include "kernels-inl.h"

namespace nabla {
constinit const KernelTable kScalarTable = {"scalar", 0, scalar::makeKernels<float>(),
                                            scalar::makeKernels<double>()};
}  // namespace nabla
