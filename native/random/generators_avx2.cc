// The generators for AVX2 and FMA. The loops over a chunk are written for the compiler to vectorise.
#include "random/headers.h"

#if defined(__x86_64__)

#include "simd/begin-avx2-inl.h"
// Everything parsed from here on is compiled for AVX2.
#include "random/generators-inl.h"
#include "simd/end-inl.h"

namespace nabla::random {

const Generators& avx2Generators();
const Generators& avx2Generators() { return kGenerators; }

}  // namespace nabla::random

#endif
