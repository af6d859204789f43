// The dims of an instruction as the executor walks them: merged where all operands allow it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "exec/steps.h"

namespace nabla {

// An axis of an instruction with one stride (in elements) per operand; operand 0 is the result.
struct Axis {
  int64_t size = 1;
  std::array<int64_t, kMaxOperands> stride{};
  bool summed = false;
};
using Axes = std::vector<Axis>;

inline bool anyEmpty(const Axes& axes) {
  return std::any_of(axes.begin(), axes.end(), [](const Axis& axis) { return axis.size == 0; });
}

// Operands of an empty sum are never read and may have no memory at all: their pointers must not move either.
inline void standStill(Axes& axes) {
  for (Axis& axis : axes) std::fill(axis.stride.begin() + 1, axis.stride.end(), 0);
}

// Largest strides of the result first: the order in which neighbours can merge. Results never overlap
// themselves, so the order is that of memory whatever the order of the dims was.
inline void sortByResult(Axes& axes) {
  std::stable_sort(axes.begin(), axes.end(),
                   [](const Axis& a, const Axis& b) { return a.stride[0] > b.stride[0]; });
}

// Drops axes of one element and joins neighbours that every operand walks as one.
inline void merge(Axes& axes) {
  std::erase_if(axes, [](const Axis& axis) { return axis.size == 1; });
  for (size_t i = axes.size(); i-- > 1;) {
    Axis& outer = axes[i - 1];
    const Axis& inner = axes[i];
    bool joined = outer.summed == inner.summed;
    for (size_t p = 0; p < kMaxOperands; ++p)
      joined = joined && outer.stride[p] == inner.size * inner.stride[p];
    if (!joined) continue;
    outer.size *= inner.size;
    outer.stride = inner.stride;
    axes.erase(axes.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

inline Axis take(Axes& axes, size_t i) {
  const Axis axis = axes[i];
  axes.erase(axes.begin() + static_cast<std::ptrdiff_t>(i));
  return axis;
}

// Takes out the longest axis for which `fits`; an axis of one element if there is none.
template <class F>
Axis takeLongest(Axes& axes, F&& fits) {
  size_t best = axes.size();
  for (size_t i = 0; i < axes.size(); ++i) {
    if (fits(axes[i]) && (best == axes.size() || axes[i].size >= axes[best].size)) best = i;
  }
  return best == axes.size() ? Axis{} : take(axes, best);
}
inline Axis takeLongest(Axes& axes) {
  return takeLongest(axes, [](const Axis&) { return true; });
}

}  // namespace nabla
