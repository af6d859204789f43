#include "exec/huge_pages.h"

#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace nabla {

#if defined(__linux__)
void preferHugePages(std::byte* begin, size_t bytes) noexcept {
  if (bytes < kHugePage) return;
  static const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  // Whole pages inside only: those at the ends may belong to somebody else as well.
  const auto address = reinterpret_cast<uintptr_t>(begin);
  const size_t skipped = (page - address % page) % page;
  madvise(begin + skipped, (bytes - skipped) / page * page, MADV_HUGEPAGE);
}
#else
void preferHugePages(std::byte*, size_t) noexcept {}
#endif

}  // namespace nabla
