// Which generators this machine runs.
#include "random/random.h"
#include "simd/cpu.h"

namespace nabla::random {

#if defined(__x86_64__)
const Generators& avx2Generators();

const Generators& generators() { return cpuHasAvx2Fma() ? avx2Generators() : portableGenerators(); }
#else
const Generators& generators() { return portableGenerators(); }
#endif

}  // namespace nabla::random
