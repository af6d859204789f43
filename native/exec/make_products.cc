// Products of matrices to kernel calls.
#include <algorithm>

#include "exec/step_maker.h"

namespace nabla {

template <class T>
void StepMaker<T>::dense(const Instruction& in) {
  if (in.J == 0 || in.C == 0) return;
  const Operand &W = in.in[0], &x = in.in[1], &bias = in.in[2], &scale = in.in[3], &plain = in.in[4];
  DenseStep<T> step{};
  step.kernel = lanes_ ? kernels_.dense : kernels_.denseFlat;
  step.args = {.J = in.J,
               .K = in.K,
               .C = in.C,
               .B = width_,
               .out = nullptr,
               .outJ = in.out.strides[0],
               .outC = in.out.strides[1],
               .W = nullptr,
               .wK = W.strides[0],
               .wJ = W.strides[1],
               .x = nullptr,
               .xK = x.strides[0],
               .xC = x.strides[1],
               .bias = nullptr,
               .biasJ = bias.strides[0],
               .biasColumns = in.biasColumns,
               .scale = nullptr,
               .scaleJ = scale.strides[0],
               .scaleC = scale.strides[1],
               .plain = nullptr,
               .plainJ = plain.strides[0],
               .plainC = plain.strides[1],
               .accumulate = in.accumulate};
  step.out = ref(in.out);
  step.W = ref(W);
  step.x = ref(x);
  step.bias = ref(bias);
  step.scale = ref(scale);
  step.plain = ref(plain);
  step.hasBias = bias.space != Space::kNone;
  step.hasScale = scale.space != Space::kNone;
  step.hasPlain = plain.space != Space::kNone;
  reservePacked(in);
  const double perColumn =
      static_cast<double>(in.J * width_) * static_cast<double>(in.K + 2) * kMultiplyAddCost * slowness_;
  // One call is the least an abort can wait for, so a long one is cut into groups of columns (in eights: no
  // kernel's tile is wider). Columns do not mix, so the bits stay the same.
  const int64_t group = std::max<int64_t>(8, static_cast<int64_t>(kLongestCall / perColumn) / 8 * 8);
  for (int64_t c = 0; c < in.C; c += group) {
    DenseStep<T> part = step;
    part.args.C = std::min(group, in.C - c);
    part.args.biasColumns = std::clamp<int64_t>(in.biasColumns - c, 0, part.args.C);
    part.out.bytes += c * in.out.strides[1] * kBytes;
    if (in.K > 0) part.x.bytes += c * x.strides[1] * kBytes;
    if (step.hasScale) part.scale.bytes += c * scale.strides[1] * kBytes;
    if (step.hasPlain) part.plain.bytes += c * plain.strides[1] * kBytes;
    append(StepKind::kDense, steps_.dense, part, kCallCost + perColumn * static_cast<double>(part.args.C));
  }
}

static_assert(kMaxGramColumns == kGramColumns, "what the format allows the kernels must take");

template <class T>
void StepMaker<T>::denseGram(const Instruction& in) {
  const Operand &W = in.in[0], &x = in.in[1], &weight = in.in[2], &weight2 = in.in[3], &scale = in.in[4],
                &out = in.in[5];
  DenseGramStep<T> step{};
  step.kernel = kernels_.denseGram;
  step.args = {.J = in.J,
               .K = in.K,
               .C = in.C,
               .B = width_,
               .gram = nullptr,
               .gramI = in.out.strides[0],
               .gramJ = in.out.strides[1],
               .W = nullptr,
               .wK = W.strides[0],
               .wJ = W.strides[1],
               .x = nullptr,
               .xK = x.strides[0],
               .xC = x.strides[1],
               .weight = nullptr,
               .weightJ = weight.strides[0],
               .weight2 = nullptr,
               .weight2J = weight2.strides[0],
               .scale = nullptr,
               .scaleJ = scale.strides[0],
               .out = nullptr,
               .outJ = out.strides[0],
               .outC = out.strides[1],
               .factor = static_cast<T>(in.factor),
               .accumulate = in.accumulate};
  step.gram = ref(in.out);
  step.W = ref(W);
  step.x = ref(x);
  step.weight = ref(weight);
  step.weight2 = ref(weight2);
  step.scale = ref(scale);
  step.out = ref(out);
  step.hasWeight2 = weight2.space != Space::kNone;
  step.hasScale = scale.space != Space::kNone;
  step.hasOut = out.space != Space::kNone;
  reservePacked(in);
  // Cut like a long dense, but by lanes: a sum over rows has to stay one sum.
  const double perLane =
      static_cast<double>(in.J * in.C) * static_cast<double>(in.K + in.C) * kMultiplyAddCost * slowness_;
  constexpr int64_t kUnit = kLaneBytes / kBytes;
  const int64_t group =
      std::max<int64_t>(kUnit, static_cast<int64_t>(kLongestCall / perLane) / kUnit * kUnit);
  for (int64_t lane = 0; lane < width_; lane += group) {
    DenseGramStep<T> part = step;
    part.args.B = std::min(group, width_ - lane);
    for (Ref* one : {&part.gram, &part.x, &part.weight, &part.weight2, &part.scale, &part.out}) {
      one->bytes += lane * kBytes;
    }
    append(StepKind::kDenseGram, steps_.denseGram, part,
           kCallCost + perLane * static_cast<double>(part.args.B));
  }
}

template <class T>
void StepMaker<T>::contract(const Instruction& in) {
  if (in.I == 0 || in.J == 0) return;
  const Operand &a = in.in[0], &b = in.in[1], &w = in.in[2];
  Axes axes = axesOf(in, {&in.out, &a, &b, &w});
  int64_t K = in.K;
  Axes kept, summed;
  for (Axis& axis : axes) {
    axis.summed = axis.stride[0] == 0 && axis.size != 1;
    if (!axis.summed) {
      if (axis.size == 0) return;
      kept.push_back(axis);
    } else if (axis.size == 0) {
      K = 0;  // an empty sum, whatever the other dims are
    } else {
      summed.push_back(axis);
    }
  }
  if (K == 0) {
    summed.clear();
    standStill(kept);
  }
  sortByResult(kept);
  merge(kept);
  merge(summed);

  ContractStep<T> step{};
  step.kernel = lanes_ ? kernels_.contract : kernels_.contractFlat;
  step.hasW = w.space != Space::kNone;
  step.args.I = in.I;
  step.args.J = in.J;
  step.args.K = K;
  step.args.B = width_;
  step.args.outI = in.outTail[0];
  step.args.outJ = in.outTail[1];
  step.args.aI = in.inTail[0][0];
  step.args.aK = in.inTail[0][1];
  step.args.bJ = in.inTail[1][0];
  step.args.bK = in.inTail[1][1];
  step.args.wK = in.inTail[2][0];
  step.args.aUniform = isUniform(a);
  step.args.bUniform = isUniform(b);
  step.args.wUniform = isUniform(w);
  step.args.accumulate = in.accumulate;
  step.args.symmetric = in.symmetric;
  // A summed axis that continues k is a longer k: one chain instead of repeated additions to the result.
  while (!summed.empty() && K > 0) {
    const Axis& axis = summed.back();
    ContractArgs<T>& args = step.args;
    const bool one = args.K == 1;
    const bool continues = one || (axis.stride[1] == args.K * args.aK && axis.stride[2] == args.K * args.bK &&
                                   (!step.hasW || axis.stride[3] == args.K * args.wK));
    if (!continues) break;
    if (one) {
      args.aK = axis.stride[1];
      args.bK = axis.stride[2];
      args.wK = axis.stride[3];
    }
    args.K *= axis.size;
    summed.pop_back();
  }
  const double work = static_cast<double>(in.I * in.J) * static_cast<double>(width_ * (step.args.K + 2)) *
                      kMultiplyAddCost * slowness_ * (in.symmetric ? 0.5 : 1);
  kept.insert(kept.end(), summed.begin(), summed.end());
  step.out = ref(in.out);
  step.a = ref(a);
  step.b = ref(b);
  step.w = ref(w);
  step.walk = walk(kept);
  // Cut like a long dense, by rows of the result; mirrored results have to stay whole.
  const double perRow = work / static_cast<double>(in.I);
  const int64_t group =
      in.symmetric ? in.I : std::max<int64_t>(8, static_cast<int64_t>(kLongestCall / perRow) / 8 * 8);
  for (int64_t i = 0; i < in.I; i += group) {
    ContractStep<T> part = step;
    part.args.I = std::min(group, in.I - i);
    part.out.bytes += i * in.outTail[0] * kBytes;
    if (K > 0) part.a.bytes += i * in.inTail[0][0] * kBytes;
    append(StepKind::kContract, steps_.contract, part,
           points(kept) * (kCallCost + perRow * static_cast<double>(part.args.I)));
  }
}

static_assert(kMaxOuterPairs == kOuterPairs, "what the format allows the kernels must take");

template <class T>
void StepMaker<T>::outerSum(const Instruction& in) {
  if (in.I == 0 || in.J == 0) return;
  Axes axes = axesOf(in, {&in.out, &in.in[0], &in.in[1]});
  if (anyEmpty(axes)) return;
  const double work = points(axes) * static_cast<double>(in.I * in.J * in.pairs) *
                      static_cast<double>(width_) * kMultiplyAddCost * 2 * slowness_;
  for (Axis& axis : axes) axis.summed = axis.stride[0] == 0;
  merge(axes);
  OuterSumStep<T> step{};
  step.kernel = kernels_.outerSum;
  const Axis inner = takeLongest(axes, [](const Axis& axis) { return axis.summed; });
  step.args.I = in.I;
  step.args.J = in.J;
  step.args.R = inner.size;
  step.args.accI = in.outTail[0];
  step.args.accJ = in.outTail[1];
  step.args.pairs = in.pairs;
  step.acc = ref(in.out);
  for (size_t p = 0; p < static_cast<size_t>(in.pairs); ++p) {
    const Operand &a = in.in[2 * p], &b = in.in[2 * p + 1];
    step.args.pair[p] = {.a = nullptr,
                         .aR = inner.stride[1],
                         .aI = in.inTail[2 * p][0],
                         .b = nullptr,
                         .bR = inner.stride[2],
                         .bJ = in.inTail[2 * p + 1][0],
                         .aUniform = isUniform(a),
                         .bUniform = isUniform(b)};
    step.a[p] = ref(a);
    step.b[p] = ref(b);
  }
  // Before it is cut, which depends on the instruction set: the bits must not.
  step.args.narrow = isNarrowOuter(step.args);
  step.walk = walk(axes);
  // Cut like a long dense, by rows of the result.
  const double perRow = work / static_cast<double>(in.I);
  const int64_t group = std::max<int64_t>(16, static_cast<int64_t>(kLongestCall / perRow) / 16 * 16);
  for (int64_t i = 0; i < in.I; i += group) {
    OuterSumStep<T> part = step;
    part.args.I = std::min(group, in.I - i);
    part.acc.bytes += i * in.outTail[0] * kBytes;
    for (size_t p = 0; p < static_cast<size_t>(in.pairs); ++p) {
      part.a[p].bytes += i * in.inTail[2 * p][0] * kBytes;
    }
    append(StepKind::kOuterSum, steps_.outerSum, part,
           points(axes) * kCallCost + perRow * static_cast<double>(part.args.I));
  }
}

template void StepMaker<float>::dense(const Instruction&);
template void StepMaker<float>::denseGram(const Instruction&);
template void StepMaker<float>::contract(const Instruction&);
template void StepMaker<float>::outerSum(const Instruction&);
template void StepMaker<double>::dense(const Instruction&);
template void StepMaker<double>::denseGram(const Instruction&);
template void StepMaker<double>::contract(const Instruction&);
template void StepMaker<double>::outerSum(const Instruction&);

}  // namespace nabla
