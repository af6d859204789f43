// The functions for AVX2.
#include "vectors/vectors.h"

#if defined(__x86_64__)

#define NABLA_VECTORS_AVX2 1
// Their order matters; the empty lines keep the formatter from sorting them.
#include "simd/begin-avx2-inl.h"

#include "vectors/vectors-inl.h"

#include "simd/end-inl.h"

namespace nabla::vectors {

const Functions& avx2Functions();
const Functions& avx2Functions() { return kFunctions; }

}  // namespace nabla::vectors

#endif
