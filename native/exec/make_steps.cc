// Instructions to kernel calls: what a kernel walks itself and what is repeated.
#include <algorithm>
#include <array>

#include "exec/axes.h"
#include "exec/costs.h"
#include "exec/steps.h"

namespace nabla {
namespace {

template <class T>
class Maker {
 public:
  Maker(const Program& program, const Loop& loop, int64_t width, const KernelTable& table)
      : program_(program),
        lanes_(loop.kind == LoopKind::kLanes),
        width_(width),
        kernels_(table.kernels<T>()),
        slowness_(static_cast<double>(sizeof(T)) / 4 * 64 / std::max(table.vectorBytes, 4)) {}

  Steps<T> make(const Loop& loop) {
    for (const Instruction& in : loop.instructions) {
      switch (in.opcode) {
        case Opcode::kElementwise:
          elementwise(in);
          break;
        case Opcode::kDense:
          dense(in);
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

 private:
  static constexpr int64_t kBytes = sizeof(T);

  Ref ref(const Operand& operand) const {
    switch (operand.space) {
      case Space::kNone:
      case Space::kPanel:
        return {kArenaSlot, operand.offset * kBytes};
      case Space::kShared:
        return {kSharedSlot, operand.offset * kBytes};
      case Space::kInput:
        return {kFirstArraySlot + operand.index, operand.offset * elementBytes(dtypeOf(operand))};
      case Space::kOutput:
        return {kFirstArraySlot + static_cast<int32_t>(program_.inputs.size()) + operand.index,
                operand.offset * elementBytes(dtypeOf(operand))};
      case Space::kConstant:
        return {kConstantSlot, operand.index * kBytes};
      case Space::kAccumulator:
        return {kAccumulatorSlot, operand.offset * kBytes};
    }
    return {};
  }

  DType dtypeOf(const Operand& operand) const {
    const auto index = static_cast<size_t>(operand.index);
    if (operand.space == Space::kInput) return program_.inputs[index].dtype;
    if (operand.space == Space::kOutput) return program_.outputs[index].dtype;
    return program_.dtype;
  }

  static bool isUniform(const Operand& operand) { return operand.space != Space::kPanel; }
  int64_t laneStep(const Operand& operand) const { return isUniform(operand) ? 0 : 1; }

  // The dims of an instruction as axes of the given operands.
  static Axes axesOf(const Instruction& in, std::initializer_list<const Operand*> operands) {
    Axes axes;
    for (size_t d = 0; d < static_cast<size_t>(in.rank); ++d) {
      Axis axis;
      axis.size = in.dims[d];
      size_t p = 0;
      for (const Operand* operand : operands) axis.stride[p++] = operand->strides[d];
      axes.push_back(axis);
    }
    return axes;
  }

  // What is left of the axes becomes a walk; element sizes per operand turn strides into bytes.
  int32_t walk(const Axes& axes, std::array<int64_t, kMaxOperands> bytes = {kBytes, kBytes, kBytes, kBytes}) {
    if (axes.empty()) return -1;
    Walk walk;
    walk.rank = static_cast<int32_t>(axes.size());
    for (size_t d = 0; d < axes.size(); ++d) {
      walk.sizes[d] = axes[d].size;
      walk.summed[d] = axes[d].summed;
      for (size_t p = 0; p < kMaxOperands; ++p) walk.strides[d][p] = axes[d].stride[p] * bytes[p];
    }
    steps_.walks.push_back(walk);
    return static_cast<int32_t>(steps_.walks.size() - 1);
  }

  static double points(const Axes& axes) {
    double product = 1;
    for (const Axis& axis : axes) product *= static_cast<double>(axis.size);
    return product;
  }

  template <class Step>
  void append(StepKind kind, std::vector<Step>& list, const Step& step, double nanoseconds) {
    const bool check = sinceCheck_ > kAbortInterval;
    if (check) sinceCheck_ = 0;
    sinceCheck_ += nanoseconds;
    steps_.nanoseconds += nanoseconds;
    steps_.order.push_back({kind, check, static_cast<uint32_t>(list.size())});
    list.push_back(step);
  }

  void elementwise(const Instruction& in) {
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
    const Axis row = takeLongest(axes);
    step.args.n = inner.size;
    step.args.rows = row.size;
    step.args.outRow = row.stride[0];
    for (size_t p = 0; p < static_cast<size_t>(in.arity); ++p) {
      step.args.inRow[p] = row.stride[p + 1];
      step.args.inScalar[p] = inner.stride[p + 1] == 0;
    }
    step.walk = walk(axes);
    append(StepKind::kElementwise, steps_.elementwise, step,
           kCallCost * points(axes) + elements * elementwiseCost(in.op) * slowness_);
  }

  void dense(const Instruction& in) {
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

  void contract(const Instruction& in) {
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
      const bool continues =
          one || (axis.stride[1] == args.K * args.aK && axis.stride[2] == args.K * args.bK &&
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

  void reduceSum(const Instruction& in) {
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

  void gather(const Instruction& in) {
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

  void scatter(const Instruction& in) {
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

  void activation(const Instruction& in) {
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

  void laneSum(const Instruction& in) {
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

  void outerSum(const Instruction& in) {
    if (in.I == 0 || in.J == 0) return;
    const Operand &a = in.in[0], &b = in.in[1];
    Axes axes = axesOf(in, {&in.out, &a, &b});
    if (anyEmpty(axes)) return;
    const double work = points(axes) * static_cast<double>(in.I * in.J) * static_cast<double>(width_) *
                        kMultiplyAddCost * 2 * slowness_;
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
    step.args.aR = inner.stride[1];
    step.args.aI = in.inTail[0][0];
    step.args.bR = inner.stride[2];
    step.args.bJ = in.inTail[1][0];
    step.args.aUniform = isUniform(a);
    step.args.bUniform = isUniform(b);
    step.acc = ref(in.out);
    step.a = ref(a);
    step.b = ref(b);
    step.walk = walk(axes);
    // Cut like a long dense, by rows of the result.
    const double perRow = work / static_cast<double>(in.I);
    const int64_t group = std::max<int64_t>(16, static_cast<int64_t>(kLongestCall / perRow) / 16 * 16);
    for (int64_t i = 0; i < in.I; i += group) {
      OuterSumStep<T> part = step;
      part.args.I = std::min(group, in.I - i);
      part.acc.bytes += i * in.outTail[0] * kBytes;
      part.a.bytes += i * in.inTail[0][0] * kBytes;
      append(StepKind::kOuterSum, steps_.outerSum, part,
             points(axes) * kCallCost + perRow * static_cast<double>(part.args.I));
    }
  }

  const Program& program_;
  bool lanes_;
  int64_t width_;
  const Kernels<T>& kernels_;
  double slowness_;
  double sinceCheck_ = 0;
  Steps<T> steps_;
};

}  // namespace

template <class T>
size_t Steps<T>::memoryBytes() const {
  auto bytes = [](const auto& list) { return list.capacity() * sizeof(list[0]); };
  return bytes(order) + bytes(elementwise) + bytes(dense) + bytes(contract) + bytes(reduceRows) +
         bytes(reduceLast) + bytes(gather) + bytes(scatter) + bytes(laneSum) + bytes(outerSum) +
         bytes(activation) + bytes(walks);
}

template <class T>
Steps<T> makeSteps(const Program& program, const Loop& loop, int64_t width, const KernelTable& table) {
  return Maker<T>(program, loop, width, table).make(loop);
}

template struct Steps<float>;
template struct Steps<double>;
template Steps<float> makeSteps<float>(const Program&, const Loop&, int64_t, const KernelTable&);
template Steps<double> makeSteps<double>(const Program&, const Loop&, int64_t, const KernelTable&);

}  // namespace nabla
