// Instructions that go entry by entry, move or sum, to kernel calls.
#include <algorithm>

#include "exec/step_maker.h"

namespace nabla {

template <class T>
Steps<T> StepMaker<T>::make(const Loop& loop) {
  for (const Instruction& in : loop.instructions) {
    switch (in.opcode) {
      case Opcode::kElementwise:
        elementwise(in);
        break;
      case Opcode::kDense:
        dense(in);
        break;
      case Opcode::kDenseGram:
        denseGram(in);
        break;
      case Opcode::kContract:
        contract(in);
        break;
      case Opcode::kReduceSum:
        reduceSum(in);
        break;
      case Opcode::kGather:
        gather(in);
        break;
      case Opcode::kScatter:
        scatter(in);
        break;
      case Opcode::kLaneSum:
        laneSum(in);
        break;
      case Opcode::kOuterSum:
        outerSum(in);
        break;
      case Opcode::kActivation:
        activation(in);
        break;
    }
  }
  return std::move(steps_);
}

template <class T>
void StepMaker<T>::elementwise(const Instruction& in) {
  Axes axes = axesOf(in, {&in.out, &in.in[0], &in.in[1], &in.in[2]});
  if (anyEmpty(axes)) return;
  ElementwiseStep<T> step{};
  step.kernel = kernels_.elementwise[static_cast<int>(in.op)];
  step.arity = in.arity;
  step.out = ref(in.out);
  for (size_t p = 0; p < static_cast<size_t>(in.arity); ++p) step.in[p] = ref(in.in[p]);
  const double elements = points(axes) * static_cast<double>(width_);

  std::erase_if(axes, [](const Axis& axis) { return axis.size == 1; });
  sortByResult(axes);
  if (lanes_) {
    Axis lane{width_, {1, 0, 0, 0}};
    for (size_t p = 0; p < static_cast<size_t>(in.arity); ++p) lane.stride[p + 1] = laneStep(in.in[p]);
    axes.push_back(lane);
  }
  merge(axes);
  // The inner run wants the result contiguous and every input contiguous or one number; failing that (a
  // transposed uniform array) runs have length 1 and rows do the walking.
  Axis inner;
  if (!axes.empty()) {
    const Axis& last = axes.back();
    bool runs = last.stride[0] == 1;
    for (size_t p = 1; p <= static_cast<size_t>(in.arity); ++p) runs = runs && last.stride[p] <= 1;
    if (runs) inner = take(axes, axes.size() - 1);
  }
  const double cost = elements * elementwiseCost(in.op) * slowness_;
  bool isRun = axes.empty();
  for (size_t p = 1; p <= static_cast<size_t>(in.arity); ++p)
    isRun = isRun && (inner.stride[p] == 1 || inner.size == 1);
  if (isRun) {
    ElementwiseRunStep<T> run{kernels_.elementwiseRun[static_cast<int>(in.op)], inner.size, step.out, {}};
    for (size_t p = 0; p < 3; ++p) run.in[p] = step.in[p < static_cast<size_t>(in.arity) ? p : 0];
    append(StepKind::kElementwiseRun, steps_.elementwiseRun, run, kCallCost + cost);
    return;
  }
  const Axis row = takeLongest(axes);
  step.args.n = inner.size;
  step.args.rows = row.size;
  step.args.outRow = row.stride[0];
  for (size_t p = 0; p < static_cast<size_t>(in.arity); ++p) {
    step.args.inRow[p] = row.stride[p + 1];
    step.args.inScalar[p] = inner.stride[p + 1] == 0;
  }
  step.walk = walk(axes);
  append(StepKind::kElementwise, steps_.elementwise, step, kCallCost * points(axes) + cost);
}

template <class T>
void StepMaker<T>::activation(const Instruction& in) {
  if (in.dims[0] == 0) return;
  ActivationStep<T> step{};
  step.kernel = kernels_.activation[in.arity];
  step.args.rows = in.dims[0];
  step.args.n = width_;
  step.args.zRow = in.in[0].strides[0];
  step.args.valueRow = in.out.strides[0];
  step.args.slopeRow = in.in[1].strides[0];
  step.z = ref(in.in[0]);
  step.value = ref(in.out);
  step.slope = ref(in.in[1]);
  const double elements = static_cast<double>(in.dims[0] * width_);
  append(StepKind::kActivation, steps_.activation, step, kCallCost + elements * 0.35 * slowness_);
}

template <class T>
void StepMaker<T>::reduceSum(const Instruction& in) {
  Axes axes = axesOf(in, {&in.out, &in.in[0]});
  Axes kept, summed;
  bool emptySum = false;
  for (Axis& axis : axes) {
    axis.summed = axis.stride[0] == 0 && axis.size != 1;
    if (axis.summed) {
      emptySum = emptySum || axis.size == 0;
      summed.push_back(axis);
    } else {
      if (axis.size == 0) return;
      kept.push_back(axis);
    }
  }
  std::erase_if(kept, [](const Axis& axis) { return axis.size == 1; });
  const double elements = (points(kept) * (emptySum ? 1 : points(summed))) * static_cast<double>(width_);
  const double cost = elements * kSumCost * slowness_;
  sortByResult(kept);
  if (lanes_) kept.push_back({width_, {1, 1, 0, 0}});
  merge(kept);
  merge(summed);
  if (emptySum) {
    summed = {Axis{.size = 0, .stride = {}, .summed = true}};
    standStill(kept);
  }

  // Sum rows into rows where result and input run along together; else add up along the input.
  const bool rowsRun = !kept.empty() && kept.back().stride[0] == 1 && kept.back().stride[1] == 1;
  const bool inputRuns = !summed.empty() && summed.back().stride[1] == 1 && summed.back().size > 1;
  if (lanes_ || emptySum || (rowsRun && !inputRuns)) {
    ReduceRowsStep<T> step{};
    step.kernel = kernels_.reduceRows;
    const Axis inner = rowsRun ? take(kept, kept.size() - 1) : Axis{};
    const Axis row = takeLongest(summed);
    step.args.n = inner.size;
    step.args.rows = row.size;
    step.args.inRow = row.stride[1];
    step.out = ref(in.out);
    step.in = ref(in.in[0]);
    kept.insert(kept.end(), summed.begin(), summed.end());
    step.walk = walk(kept);
    append(StepKind::kReduceRows, steps_.reduceRows, step, points(kept) * kCallCost + cost);
    return;
  }
  ReduceLastStep<T> step{};
  step.kernel = kernels_.reduceLast;
  const Axis inner = summed.empty() ? Axis{} : take(summed, summed.size() - 1);
  const Axis row = takeLongest(kept);
  step.args.n = inner.size;
  step.args.inStep = inner.stride[1];
  step.args.rows = row.size;
  step.args.outRow = row.stride[0];
  step.args.inRow = row.stride[1];
  step.out = ref(in.out);
  step.in = ref(in.in[0]);
  kept.insert(kept.end(), summed.begin(), summed.end());
  step.walk = walk(kept);
  append(StepKind::kReduceLast, steps_.reduceLast, step, points(kept) * kCallCost + cost);
}

template <class T>
void StepMaker<T>::laneSum(const Instruction& in) {
  Axes axes = axesOf(in, {&in.out, &in.in[0]});
  if (anyEmpty(axes)) return;
  const double elements = points(axes) * static_cast<double>(width_);
  for (Axis& axis : axes) axis.summed = axis.stride[0] == 0;
  merge(axes);
  LaneSumStep<T> step{};
  step.kernel = kernels_.laneSum;
  // Rows have sums of their own; summed axes repeat the call on the same sums.
  const Axis row = takeLongest(axes, [](const Axis& axis) { return !axis.summed; });
  step.args.rows = row.size;
  step.args.accRow = row.stride[0];
  step.args.srcRow = row.stride[1];
  step.args.srcUniform = isUniform(in.in[0]);
  step.acc = ref(in.out);
  step.src = ref(in.in[0]);
  step.walk = walk(axes);
  append(StepKind::kLaneSum, steps_.laneSum, step,
         points(axes) * kCallCost + elements * kSumCost * slowness_);
}

template <class T>
void StepMaker<T>::gather(const Instruction& in) {
  Axes axes = axesOf(in, {&in.out, &in.in[0]});
  if (anyEmpty(axes)) return;
  const DType dtype = dtypeOf(in.in[0]);
  GatherStep<T> step{};
  step.kernel = kernels_.gather[static_cast<int>(dtype)];
  step.perSample = lanes_;
  step.sampleBytes = in.laneStride * elementBytes(dtype);
  step.out = ref(in.out);
  step.src = ref(in.in[0]);
  const double elements = points(axes) * static_cast<double>(width_);
  sortByResult(axes);
  merge(axes);
  step.args.lanes = step.args.B = 1;
  if (lanes_) {
    step.args.B = width_;
    step.args.srcLane = in.laneStride;
  } else if (!axes.empty() && axes.back().stride[0] == 1) {
    const Axis inner = take(axes, axes.size() - 1);
    step.args.lanes = step.args.B = inner.size;
    step.args.srcLane = inner.stride[1];
  }
  const Axis row = takeLongest(axes);
  step.args.rows = row.size;
  step.args.outRow = row.stride[0];
  step.args.srcRow = row.stride[1];
  step.walk = walk(axes, {kBytes, elementBytes(dtype), 0, 0});
  append(StepKind::kGather, steps_.gather, step, points(axes) * kCallCost + elements * kMoveCost);
}

template <class T>
void StepMaker<T>::scatter(const Instruction& in) {
  Axes axes = axesOf(in, {&in.out, &in.in[0]});
  if (anyEmpty(axes)) return;
  const DType dtype = dtypeOf(in.out);
  ScatterStep<T> step{};
  step.kernel = kernels_.scatter[static_cast<int>(dtype)];
  step.perSample = lanes_;
  step.sampleBytes = in.laneStride * elementBytes(dtype);
  step.dst = ref(in.out);
  step.src = ref(in.in[0]);
  const double elements = points(axes) * static_cast<double>(width_);
  sortByResult(axes);
  merge(axes);
  step.args.lanes = 1;
  step.args.srcUniform = true;
  if (lanes_) {
    step.args.srcUniform = isUniform(in.in[0]);
    step.args.dstLane = in.laneStride;
  } else if (!axes.empty() && axes.back().stride[1] <= 1) {
    const Axis inner = take(axes, axes.size() - 1);
    step.args.lanes = inner.size;
    step.args.srcUniform = inner.stride[1] == 0;
    step.args.dstLane = inner.stride[0];
  }
  const Axis row = takeLongest(axes);
  step.args.rows = row.size;
  step.args.dstRow = row.stride[0];
  step.args.srcRow = row.stride[1];
  step.walk = walk(axes, {elementBytes(dtype), kBytes, 0, 0});
  append(StepKind::kScatter, steps_.scatter, step, points(axes) * kCallCost + elements * kMoveCost);
}

template <class T>
size_t Steps<T>::memoryBytes() const {
  auto bytes = [](const auto& list) { return list.capacity() * sizeof(list[0]); };
  return bytes(order) + bytes(elementwiseRun) + bytes(elementwise) + bytes(dense) + bytes(denseGram) +
         bytes(contract) + bytes(reduceRows) + bytes(reduceLast) + bytes(gather) + bytes(scatter) +
         bytes(laneSum) + bytes(outerSum) + bytes(activation) + bytes(walks);
}

template <class T>
Steps<T> makeSteps(const Program& program, const Loop& loop, int64_t width, const KernelTable& table) {
  return StepMaker<T>(program, loop, width, table).make(loop);
}

template struct Steps<float>;
template struct Steps<double>;
template Steps<float> makeSteps<float>(const Program&, const Loop&, int64_t, const KernelTable&);
template Steps<double> makeSteps<double>(const Program&, const Loop&, int64_t, const KernelTable&);

}  // namespace nabla
