// The inner loop of the executor: pointers are added to prepared arguments and kernels are called.
#include "exec/steps.h"

namespace nabla {
namespace {

// Calls f(offsets, first) for every point of the walk, in row-major order; offsets are bytes per operand,
// `first` says that all summed axes stand at 0. Ends early if the abort flag is set: runSteps() looks at it
// again before it returns.
template <class F>
void walkPoints(const Walk& walk, const std::atomic<bool>* abort, F&& f) {
  int64_t index[kMaxRank] = {};
  int64_t offsets[kMaxOperands] = {};
  for (;;) {
    bool first = true;
    for (int32_t d = 0; d < walk.rank; ++d) first = first && !(walk.summed[d] && index[d] != 0);
    f(offsets, first);
    if (abort != nullptr && abort->load(std::memory_order_relaxed)) return;
    int32_t d = walk.rank - 1;
    for (; d >= 0; --d) {
      if (++index[d] < walk.sizes[d]) {
        for (int p = 0; p < kMaxOperands; ++p) offsets[p] += walk.strides[d][p];
        break;
      }
      for (int p = 0; p < kMaxOperands; ++p) offsets[p] -= walk.strides[d][p] * (walk.sizes[d] - 1);
      index[d] = 0;
    }
    if (d < 0) return;
  }
}

template <class T>
class Runner {
 public:
  Runner(const Steps<T>& steps, const Frame& frame) : steps_(steps), frame_(frame) {}

  void operator()(const ElementwiseRunStep<T>& step) const {
    step.run(step.n, at<T>(step.out), at<T>(step.in[0]), at<T>(step.in[1]), at<T>(step.in[2]));
  }

  void operator()(const ElementwiseStep<T>& step) const {
    ElementwiseArgs<T> args = step.args;
    args.out = at<T>(step.out);
    for (int32_t p = 0; p < step.arity; ++p) args.in[p] = at<T>(step.in[p]);
    if (step.walk < 0) return step.kernel(args);
    const ElementwiseArgs<T> start = args;
    walk(step.walk, [&](const int64_t* offsets, bool) {
      args.out = moved(start.out, offsets[0]);
      for (int32_t p = 0; p < step.arity; ++p) args.in[p] = moved(start.in[p], offsets[p + 1]);
      step.kernel(args);
    });
  }

  void operator()(const DenseStep<T>& step) const {
    DenseArgs<T> args = step.args;
    args.out = at<T>(step.out);
    args.W = at<T>(step.W);
    args.x = at<T>(step.x);
    args.bias = step.hasBias ? at<T>(step.bias) : nullptr;
    args.scale = step.hasScale ? at<T>(step.scale) : nullptr;
    args.plain = step.hasPlain ? at<T>(step.plain) : nullptr;
    args.packed = reinterpret_cast<T*>(frame_.bases[kPackedSlot]);
    step.kernel(args);
  }

  void operator()(const DenseGramStep<T>& step) const {
    DenseGramArgs<T> args = step.args;
    args.gram = at<T>(step.gram);
    args.W = at<T>(step.W);
    args.x = at<T>(step.x);
    args.weight = at<T>(step.weight);
    args.weight2 = step.hasWeight2 ? at<T>(step.weight2) : nullptr;
    args.scale = step.hasScale ? at<T>(step.scale) : nullptr;
    args.out = step.hasOut ? at<T>(step.out) : nullptr;
    args.packed = reinterpret_cast<T*>(frame_.bases[kPackedSlot]);
    step.kernel(args);
  }

  void operator()(const ContractStep<T>& step) const {
    ContractArgs<T> args = step.args;
    args.out = at<T>(step.out);
    args.a = at<T>(step.a);
    args.b = at<T>(step.b);
    args.w = step.hasW ? at<T>(step.w) : nullptr;
    if (step.walk < 0) return step.kernel(args);
    const ContractArgs<T> start = args;
    walk(step.walk, [&](const int64_t* offsets, bool first) {
      args.out = moved(start.out, offsets[0]);
      args.a = moved(start.a, offsets[1]);
      args.b = moved(start.b, offsets[2]);
      if (step.hasW) args.w = moved(start.w, offsets[3]);
      args.accumulate = start.accumulate || !first;
      step.kernel(args);
    });
  }

  void operator()(const ReduceRowsStep<T>& step) const { reduce(step); }
  void operator()(const ReduceLastStep<T>& step) const { reduce(step); }

  void operator()(const GatherStep<T>& step) const {
    GatherArgs<T> args = step.args;
    args.out = at<T>(step.out);
    const std::byte* src = frame_.bases[step.src.slot] + step.src.bytes;
    if (step.perSample) {
      src += frame_.first * step.sampleBytes;
      args.lanes = frame_.valid;
    }
    args.src = src;
    if (step.walk < 0) return step.kernel(args);
    T* const out = args.out;
    walk(step.walk, [&](const int64_t* offsets, bool) {
      args.out = moved(out, offsets[0]);
      args.src = src + offsets[1];
      step.kernel(args);
    });
  }

  void operator()(const ScatterStep<T>& step) const {
    ScatterArgs<T> args = step.args;
    std::byte* dst = frame_.bases[step.dst.slot] + step.dst.bytes;
    if (step.perSample) {
      dst += frame_.first * step.sampleBytes;
      args.lanes = frame_.valid;
    }
    args.dst = dst;
    args.src = at<T>(step.src);
    if (step.walk < 0) return step.kernel(args);
    const T* const src = args.src;
    walk(step.walk, [&](const int64_t* offsets, bool) {
      args.dst = dst + offsets[0];
      args.src = moved(src, offsets[1]);
      step.kernel(args);
    });
  }

  void operator()(const LaneSumStep<T>& step) const {
    LaneSumArgs<T> args = step.args;
    args.lanes = frame_.valid;
    args.acc = at<T>(step.acc);
    args.src = at<T>(step.src);
    if (step.walk < 0) return step.kernel(args);
    const LaneSumArgs<T> start = args;
    walk(step.walk, [&](const int64_t* offsets, bool) {
      args.acc = moved(start.acc, offsets[0]);
      args.src = moved(start.src, offsets[1]);
      step.kernel(args);
    });
  }

  void operator()(const OuterSumStep<T>& step) const {
    OuterSumArgs<T> args = step.args;
    args.lanes = frame_.valid;
    args.acc = at<T>(step.acc);
    for (int p = 0; p < args.pairs; ++p) {
      args.pair[p].a = at<T>(step.a[p]);
      args.pair[p].b = at<T>(step.b[p]);
    }
    if (step.walk < 0) return step.kernel(args);
    const OuterSumArgs<T> start = args;
    walk(step.walk, [&](const int64_t* offsets, bool) {
      args.acc = moved(start.acc, offsets[0]);
      args.pair[0].a = moved(start.pair[0].a, offsets[1]);
      args.pair[0].b = moved(start.pair[0].b, offsets[2]);
      step.kernel(args);
    });
  }

  void operator()(const ActivationStep<T>& step) const {
    ActivationArgs<T> args = step.args;
    args.z = at<T>(step.z);
    args.value = at<T>(step.value);
    args.slope = at<T>(step.slope);
    step.kernel(args);
  }

 private:
  template <class U>
  U* at(const Ref& ref) const {
    return reinterpret_cast<U*>(frame_.bases[ref.slot] + ref.bytes);
  }

  static T* moved(T* pointer, int64_t bytes) {
    return reinterpret_cast<T*>(reinterpret_cast<std::byte*>(pointer) + bytes);
  }
  static const T* moved(const T* pointer, int64_t bytes) {
    return reinterpret_cast<const T*>(reinterpret_cast<const std::byte*>(pointer) + bytes);
  }

  template <class F>
  void walk(int32_t index, F&& f) const {
    walkPoints(steps_.walks[static_cast<size_t>(index)], frame_.abort, f);
  }

  template <class Step>
  void reduce(const Step& step) const {
    auto args = step.args;
    args.out = at<T>(step.out);
    args.in = at<T>(step.in);
    if (step.walk < 0) return step.kernel(args);
    const auto start = args;
    walk(step.walk, [&](const int64_t* offsets, bool first) {
      args.out = moved(start.out, offsets[0]);
      args.in = moved(start.in, offsets[1]);
      args.accumulate = !first;
      step.kernel(args);
    });
  }

  const Steps<T>& steps_;
  const Frame& frame_;
};

}  // namespace

template <class T>
bool runSteps(const Steps<T>& steps, const Frame& frame) noexcept {
  const Runner<T> run(steps, frame);
  for (const StepIndex& step : steps.order) {
    if (step.checkAbort && frame.abort != nullptr && frame.abort->load(std::memory_order_relaxed))
      return false;
    switch (step.kind) {
      case StepKind::kElementwiseRun:
        run(steps.elementwiseRun[step.index]);
        break;
      case StepKind::kElementwise:
        run(steps.elementwise[step.index]);
        break;
      case StepKind::kDense:
        run(steps.dense[step.index]);
        break;
      case StepKind::kDenseGram:
        run(steps.denseGram[step.index]);
        break;
      case StepKind::kContract:
        run(steps.contract[step.index]);
        break;
      case StepKind::kReduceRows:
        run(steps.reduceRows[step.index]);
        break;
      case StepKind::kReduceLast:
        run(steps.reduceLast[step.index]);
        break;
      case StepKind::kGather:
        run(steps.gather[step.index]);
        break;
      case StepKind::kScatter:
        run(steps.scatter[step.index]);
        break;
      case StepKind::kLaneSum:
        run(steps.laneSum[step.index]);
        break;
      case StepKind::kOuterSum:
        run(steps.outerSum[step.index]);
        break;
      case StepKind::kActivation:
        run(steps.activation[step.index]);
        break;
    }
  }
  return frame.abort == nullptr || !frame.abort->load(std::memory_order_relaxed);
}

template bool runSteps<float>(const Steps<float>&, const Frame&) noexcept;
template bool runSteps<double>(const Steps<double>&, const Frame&) noexcept;

}  // namespace nabla
