// The functions for any machine.
#include "vectors/vectors-inl.h"

namespace nabla::vectors {

const Functions& portableFunctions() { return kFunctions; }

}  // namespace nabla::vectors
