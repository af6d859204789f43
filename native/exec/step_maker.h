// Turns a loop's instructions into steps, one at a time: what a kernel walks itself and what is repeated. The
// methods for products of matrices are in make_products.cc, the others in make_steps.cc.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "exec/axes.h"
#include "exec/costs.h"
#include "exec/steps.h"

namespace nabla {

template <class T>
class StepMaker {
 public:
  StepMaker(const Program& program, const Loop& loop, int64_t width, const KernelTable& table)
      : program_(program),
        lanes_(loop.kind == LoopKind::kLanes),
        width_(width),
        kernels_(table.kernels<T>()),
        slowness_(static_cast<double>(sizeof(T)) / 4 * 64 / std::max(table.vectorBytes, 4)) {}

  Steps<T> make(const Loop& loop);

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

  // Memory for a dense product whose rows of x are far apart.
  void reservePacked(const Instruction& in) {
    if (!lanes_ || in.in[1].strides[0] * kBytes < kFarRow) return;
    steps_.packedBytes = std::max(steps_.packedBytes, in.K * kPackedRow);
  }

  void elementwise(const Instruction& in);
  void dense(const Instruction& in);
  void denseGram(const Instruction& in);
  void contract(const Instruction& in);
  void reduceSum(const Instruction& in);
  void gather(const Instruction& in);
  void scatter(const Instruction& in);
  void activation(const Instruction& in);
  void laneSum(const Instruction& in);
  void outerSum(const Instruction& in);

  const Program& program_;
  bool lanes_;
  int64_t width_;
  const Kernels<T>& kernels_;
  double slowness_;
  double sinceCheck_ = 0;
  Steps<T> steps_;
};

}  // namespace nabla
