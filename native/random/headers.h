// Every standard header the generators need, to be included before a target region opens: inline functions
// parsed inside a region are compiled for it, and the linker may keep that copy for the whole program.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
