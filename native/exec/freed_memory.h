// Memory of results that are no longer needed, kept for the next ones.
#pragma once

#include <cstdint>

namespace nabla {

// Has the C library keep up to 64 MiB of freed memory, once per process. To be called before results of
// `bytes` are first asked for; small ones do not need it.
//
// A result is fresh memory from malloc, freed when JavaScript's garbage collector finds it, a dozen at once.
// glibc returns what is freed beyond twice the size of a block of this kind, and the next dozen begins with
// page faults again: 1.2 microseconds for 4 KiB, 15 % of the Hessians of a small network at 65,536 samples.
//
// glibc raises both of its limits, from where on a block is a mapping of its own and how much freed memory it
// keeps, when a mapping of up to 32 MiB is freed: to the size of it and to twice that. So freeing one early
// is all there is to do, nothing of it is ever touched, and who has set the limits (mallopt, GLIBC_TUNABLES)
// keeps them. Other C libraries are left as they are.
void keepFreedMemory(int64_t bytes) noexcept;

}  // namespace nabla
