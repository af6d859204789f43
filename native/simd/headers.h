// Every standard header the per-instruction-set code needs, to be included before a target region opens:
// inline functions parsed inside a region are compiled for it, and the linker may keep that copy for the
// whole program.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
