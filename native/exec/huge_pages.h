// Large arrays on large pages.
#pragma once

#include <cstddef>

namespace nabla {

inline constexpr size_t kHugePage = size_t{2} << 20;

// Asks the system for large pages under [begin, begin + bytes). A result of megabytes is fresh memory, and
// every page of 4 KiB is a fault at its first write: 7 % of the Hessians of a small network over a million
// samples. A hint: where the system does not know it, nothing happens. (Having all pages provided at once,
// MADV_POPULATE_WRITE, gained nothing.)
void preferHugePages(std::byte* begin, size_t bytes) noexcept;

}  // namespace nabla
