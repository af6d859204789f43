// Large arrays that are about to be written for the first time.
#pragma once

#include <cstddef>

namespace nabla {

// Asks the system for large pages under [begin, begin + bytes). A result of megabytes is fresh memory, and
// every page of 4 KiB is a fault at its first write: 7 % of the Hessians of a small network over a million
// samples. A hint: where the system does not know it, nothing happens. (Having all pages provided at once,
// MADV_POPULATE_WRITE, gained nothing.)
void preferHugePages(std::byte* begin, size_t bytes) noexcept;

}  // namespace nabla
