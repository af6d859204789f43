// The tables by name, for dispatch.cc alone: which of them may run is decided there.
#pragma once

#include "table.h"

namespace nabla {
extern const KernelTable kScalarTable;
#if defined(__x86_64__) || defined(_M_X64)
extern const KernelTable kAvx2Table;
extern const KernelTable kAvx512Table;
#elif defined(__aarch64__)
extern const KernelTable kNeonTable;
#endif
}  // namespace nabla
