#include "cpu.h"

#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#include <cpuid.h>
#endif

namespace nabla {

#if defined(__x86_64__) || defined(_M_X64)
namespace {

struct Features {
  bool avx2Fma = false;
  bool avx512 = false;

  Features() {
    constexpr uint32_t kFma = 1u << 12, kOsxsave = 1u << 27, kAvx = 1u << 28;  // leaf 1, ECX
    constexpr uint32_t kBmi1 = 1u << 3, kAvx2 = 1u << 5, kBmi2 = 1u << 8;      // leaf 7, EBX
    constexpr uint32_t kAvx512F = 1u << 16, kDq = 1u << 17, kCd = 1u << 28, kBw = 1u << 30, kVl = 1u << 31;
    uint32_t a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0) return;
    if ((c & (kFma | kOsxsave | kAvx)) != (kFma | kOsxsave | kAvx)) return;
    // XCR0 says which registers the system saves on a context switch: bits 1, 2 for XMM, YMM; 5, 6, 7 for the
    // mask registers, the upper halves of ZMM0-15 and ZMM16-31. The instruction exists because OSXSAVE is
    // set.
    uint32_t low = 0, high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 0x06u) != 0x06u) return;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return;
    if ((b & (kBmi1 | kAvx2 | kBmi2)) != (kBmi1 | kAvx2 | kBmi2)) return;
    avx2Fma = true;
    constexpr uint32_t kAll = kAvx512F | kDq | kCd | kBw | kVl;
    avx512 = (low & 0xe0u) == 0xe0u && (b & kAll) == kAll;
  }
};

const Features& features() {
  static const Features once;
  return once;
}

}  // namespace

bool cpuHasAvx2Fma() { return features().avx2Fma; }
bool cpuHasAvx512() { return features().avx512; }
#else
bool cpuHasAvx2Fma() { return false; }
bool cpuHasAvx512() { return false; }
#endif

}  // namespace nabla
