#include "exec/freed_memory.h"

#include <cstddef>
#include <cstdlib>
#include <mutex>

namespace nabla {

#if defined(__GLIBC__)
namespace {

// From here on glibc makes a block a mapping of its own (M_MMAP_THRESHOLD), to begin with.
constexpr int64_t kSmallestMapping = int64_t{128} << 10;
// The largest that moves the limits (DEFAULT_MMAP_THRESHOLD_MAX), less a page for the header of the block and
// one because flags in the header count as its size where that is compared.
constexpr size_t kLargestMapping = sizeof(long) * (size_t{4} << 20) - size_t{2} * 4096;

}  // namespace

void keepFreedMemory(int64_t bytes) noexcept {
  if (bytes < kSmallestMapping) return;
  static std::once_flag once;
  std::call_once(once, [] {
    void* mapping = std::malloc(kLargestMapping);
    // The compiler may leave out a pair of malloc and free that nobody sees.
    __asm__ volatile("" : : "r"(mapping) : "memory");
    std::free(mapping);
  });
}
#else
void keepFreedMemory(int64_t) noexcept {}
#endif

}  // namespace nabla
