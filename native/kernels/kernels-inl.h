// All kernels of one instruction set. Included by its table_*.cc inside the target region; the anonymous
// namespace keeps the instantiations of one instruction set out of reach of the others.
namespace nabla::NABLA_ISA {
namespace {

#include "../simd/vec-inl.h"

#include "../simd/math-inl.h"

#include "elementwise-inl.h"

#include "activation-inl.h"

#include "split-inl.h"

#include "pack-inl.h"

#include "dense-inl.h"

#include "gram-inl.h"

#include "contract-inl.h"

#include "sums-inl.h"

#include "outer-inl.h"

#include "move-inl.h"

#include "peak-inl.h"

template <class T>
constexpr Kernels<T> makeKernels() {
  Kernels<T> k{};
  fillElementwise<T>(k);
  k.dense = dense<T>;
  k.denseFlat = denseFlat<T>;
  k.denseGram = denseGram<T>;
  k.contract = contract<T>;
  k.contractFlat = contractFlat<T>;
  k.laneSum = laneSum<T>;
  k.outerSum = outerSum<T>;
  k.reduceRows = reduceRows<T>;
  k.reduceLast = reduceLast<T>;
  k.gather[0] = gather<T, float>;
  k.gather[1] = gather<T, double>;
  k.gather[2] = gather<T, int32_t>;
  k.gather[3] = gather<T, uint32_t>;
  k.gather[4] = gather<T, Bool>;
  k.scatter[0] = scatter<T, float>;
  k.scatter[1] = scatter<T, double>;
  k.scatter[2] = scatter<T, int32_t>;
  k.scatter[3] = scatter<T, uint32_t>;
  k.scatter[4] = scatter<T, Bool>;
  k.activation[0] = activation<T, TanhWithSlope>;
  k.activation[1] = activation<T, SinWithSlope>;
  k.activation[2] = activation<T, SigmoidWithSlope>;
  k.activation[3] = activation<T, SoftplusWithSlope>;
  k.fmaPeak = fmaPeak<T>;
  return k;
}

}  // namespace
}  // namespace nabla::NABLA_ISA
