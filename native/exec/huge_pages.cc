#include "exec/huge_pages.h"

#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace nabla {

#if defined(__linux__)
void preferHugePages(std::byte* begin, size_t bytes) noexcept {
  constexpr size_t kHugePage = size_t{2} << 20;
  if (bytes < kHugePage) return;
  static const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  // Whole pages inside only: those at the ends may belong to somebody else as well.
  const auto from = (reinterpret_cast<uintptr_t>(begin) + page - 1) / page * page;
  const auto to = (reinterpret_cast<uintptr_t>(begin) + bytes) / page * page;
  madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
}
#else
void preferHugePages(std::byte*, size_t) noexcept {}
#endif

}  // namespace nabla
