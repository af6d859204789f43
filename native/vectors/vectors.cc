// Which functions this machine runs.
#include "vectors/vectors.h"

#include "simd/cpu.h"

namespace nabla::vectors {

#if defined(__x86_64__)
const Functions& avx2Functions();

const Functions& functions() { return cpuHasAvx2Fma() ? avx2Functions() : portableFunctions(); }
#else
const Functions& functions() { return portableFunctions(); }
#endif

}  // namespace nabla::vectors
