// Products of many vectors with one or two, and sums of many: what L-BFGS does with the steps it remembers.
//
// The many are as long as memory is slow, so that every function goes over them once. Products are summed in
// eight lanes, element i in lane i mod 8, stretch by stretch; the lanes of a stretch are folded by halves and
// added to what the stretches before gave. Multiplication and addition are rounded apart. So the bits are the
// same on every machine.
#pragma once

#include <cstddef>
#include <span>

namespace nabla::vectors {

// Vectors of one length, which need not be aligned.
using Many = std::span<const double* const>;

struct Functions {
  // onX[k] = sum of many[k][i] * x[i], i < length; onY[k] likewise with y, if y is not null.
  void (*products)(Many many, std::size_t length, const double* x, double* onX, const double* y, double* onY);

  // x = (x + sum of factors[k] * many[k]) * scale; then, if onX is not null, onX[k] = many[k] . x.
  void (*combine)(Many many, const double* factors, double scale, std::size_t length, double* x, double* onX);
};

// Those of this machine, and those for any machine.
const Functions& functions();
const Functions& portableFunctions();

}  // namespace nabla::vectors
