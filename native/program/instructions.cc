// The rules of each instruction: its words, and what its operands may be.
#include <algorithm>
#include <string>
#include <utility>

#include "program/decoder.h"

namespace nabla {

void Decoder::elementwise(Instruction& in) {
  const int64_t op = integer("op", 0, kLastTernary);
  const int arity = elementwiseArity(op);
  if (arity == 0) refuse("there is no elementwise op " + std::to_string(op));
  in.op = static_cast<Op>(op);
  in.arity = static_cast<int32_t>(integer("arity", arity, arity));
  rankAndDims(in);
  operand("out", in.out, in.rank, writable());
  for (int p = 0; p < arity; ++p) operand("input", in.in[static_cast<size_t>(p)], in.rank, readable());
  work({}, in);
  access("out", in.out, extentsOf(in, in.out), 1, 0);
  disjoint("out", in.out, extentsOf(in, in.out));
  dtypeIsCompute("out", in.out);
  for (int p = 0; p < arity; ++p) {
    Operand& input = in.in[static_cast<size_t>(p)];
    access("input", input, extentsOf(in, input), 1, 0);
    dtypeIsCompute("input", input);
  }
}

void Decoder::dense(Instruction& in) {
  in.accumulate = flag("accumulate");
  in.J = size("J");
  in.K = size("K");
  in.C = size("C");
  in.biasColumns = integer("bias columns", 0, in.C);
  Operand &W = in.in[0], &x = in.in[1], &bias = in.in[2], &scale = in.in[3], &plain = in.in[4];
  operand("out", in.out, 2, writable());
  operand("W", W, 2, uniform());
  operand("x", x, 2, perSample());
  operand("bias", bias, 1, uniform() | kNoneSet);
  operand("scale", scale, 2, perSample() | kNoneSet);
  operand("plain", plain, 2, writable() | kNoneSet);
  if (plain.space != Space::kNone && scale.space == Space::kNone) {
    refuse("a plain result beside the scaled one, but no scale");
    return;
  }
  work({in.J, in.K, in.C}, in);
  access("out", in.out, {{in.J, in.out.strides[0]}, {in.C, in.out.strides[1]}});
  disjoint("out", in.out, {{in.J, in.out.strides[0]}, {in.C, in.out.strides[1]}});
  access("W", W, {{in.K, W.strides[0]}, {in.J, W.strides[1]}});
  access("x", x, {{in.K, x.strides[0]}, {in.C, x.strides[1]}});
  access("bias", bias, {{in.J, bias.strides[0]}});
  access("scale", scale, {{in.J, scale.strides[0]}, {in.C, scale.strides[1]}});
  access("plain", plain, {{in.J, plain.strides[0]}, {in.C, plain.strides[1]}});
  if (plain.space != Space::kNone)
    disjoint("plain", plain, {{in.J, plain.strides[0]}, {in.C, plain.strides[1]}});
  dtypeIsCompute("out", in.out);
  for (const Operand& one : in.in) dtypeIsCompute("operand", one);
}

void Decoder::contract(Instruction& in) {
  in.accumulate = flag("accumulate");
  in.symmetric = flag("symmetric");
  rankAndDims(in);
  in.I = size("I");
  in.J = size("J");
  in.K = size("K");
  Operand &a = in.in[0], &b = in.in[1], &w = in.in[2];
  operand("out", in.out, in.rank, writable());
  strides("out", in.outTail.data(), 2);
  operand("a", a, in.rank, readable());
  strides("a", in.inTail[0].data(), 2);
  operand("b", b, in.rank, readable());
  strides("b", in.inTail[1].data(), 2);
  operand("w", w, in.rank, readable() | kNoneSet);
  strides("w", in.inTail[2].data(), 1);
  work({in.I, in.J, in.K}, in);
  if (in.symmetric && (in.I != in.J || a.space != b.space || a.index != b.index || a.offset != b.offset ||
                       a.strides != b.strides || in.inTail[0] != in.inTail[1])) {
    refuse("symmetric: a and b are not the same operand");
  }
  auto with = [](std::vector<Extent> extents, std::initializer_list<Extent> more) {
    extents.insert(extents.end(), more);
    return extents;
  };
  std::vector<Extent> out = with(kept(extentsOf(in, in.out)), {{in.I, in.outTail[0]}, {in.J, in.outTail[1]}});
  access("out", in.out, out, 1, 0);
  disjoint("out", in.out, out);
  access("a", a, with(extentsOf(in, a), {{in.I, in.inTail[0][0]}, {in.K, in.inTail[0][1]}}), 1, 0);
  access("b", b, with(extentsOf(in, b), {{in.J, in.inTail[1][0]}, {in.K, in.inTail[1][1]}}), 1, 0);
  access("w", w, with(extentsOf(in, w), {{in.K, in.inTail[2][0]}}), 1, 0);
  dtypeIsCompute("out", in.out);
  for (const Operand& one : in.in) dtypeIsCompute("operand", one);
}

void Decoder::denseGram(Instruction& in) {
  if (!lanes()) refuse("products that are contracted at once belong into lanes loops");
  in.accumulate = flag("accumulate");
  in.J = integer("J", 1, kMaxInteger);
  in.K = size("K");
  in.C = integer("C", 1, kMaxGramColumns);
  in.factor = word("factor");
  Operand &W = in.in[0], &x = in.in[1], &weight = in.in[2], &weight2 = in.in[3], &scale = in.in[4];
  Operand& out = in.in[5];
  operand("gram", in.out, 2, writable());
  operand("W", W, 2, uniform());
  operand("x", x, 2, perSample());
  operand("weight", weight, 1, perSample());
  operand("weight2", weight2, 1, perSample() | kNoneSet);
  operand("scale", scale, 1, perSample() | kNoneSet);
  operand("out", out, 2, writable() | kNoneSet);
  if (scale.space != Space::kNone && out.space == Space::kNone) {
    refuse("a scale, but no result that is scaled");
    return;
  }
  work({in.J, std::max<int64_t>(in.K, 1), in.C}, in);
  access("gram", in.out, {{in.C, in.out.strides[0]}, {in.C, in.out.strides[1]}});
  disjoint("gram", in.out, {{in.C, in.out.strides[0]}, {in.C, in.out.strides[1]}});
  access("W", W, {{in.K, W.strides[0]}, {in.J, W.strides[1]}});
  access("x", x, {{in.K, x.strides[0]}, {in.C, x.strides[1]}});
  access("weight", weight, {{in.J, weight.strides[0]}});
  access("weight2", weight2, {{in.J, weight2.strides[0]}});
  access("scale", scale, {{in.J, scale.strides[0]}});
  access("out", out, {{in.J, out.strides[0]}, {in.C, out.strides[1]}});
  if (out.space != Space::kNone) disjoint("out", out, {{in.J, out.strides[0]}, {in.C, out.strides[1]}});
  dtypeIsCompute("gram", in.out);
  for (const Operand& one : in.in) dtypeIsCompute("operand", one);
}

void Decoder::reduceSum(Instruction& in) {
  rankAndDims(in);
  operand("out", in.out, in.rank, writable());
  operand("input", in.in[0], in.rank, perSample());
  work({}, in);
  access("out", in.out, kept(extentsOf(in, in.out)), 1, 0);
  disjoint("out", in.out, kept(extentsOf(in, in.out)));
  access("input", in.in[0], extentsOf(in, in.in[0]), 1, 0);
  dtypeIsCompute("out", in.out);
  dtypeIsCompute("input", in.in[0]);
}

void Decoder::gather(Instruction& in) {
  rankAndDims(in);
  operand("out", in.out, in.rank, writable());
  operand("source", in.in[0], in.rank,
          bit(Space::kInput) | bit(Space::kShared) | (lanes() ? 0u : bit(Space::kOutput)));
  in.laneStride = integer("lane stride", 0, lanes() ? kMaxInteger : 0);
  work({}, in);
  access("out", in.out, extentsOf(in, in.out), 1, 0);
  disjoint("out", in.out, extentsOf(in, in.out));
  access("source", in.in[0], extentsOf(in, in.in[0]), loop_->N, in.laneStride);
  dtypeIsCompute("out", in.out);
}

void Decoder::scatter(Instruction& in) {
  rankAndDims(in);
  operand("source", in.in[0], in.rank, readable());
  operand("destination", in.out, in.rank, bit(Space::kOutput) | bit(Space::kShared));
  in.laneStride = integer("lane stride", 0, lanes() ? kMaxInteger : 0);
  work({}, in);
  access("source", in.in[0], extentsOf(in, in.in[0]), 1, 0);
  dtypeIsCompute("source", in.in[0]);
  access("destination", in.out, extentsOf(in, in.out), loop_->N, in.laneStride);
  std::vector<Extent> extents = extentsOf(in, in.out);
  extents.push_back({loop_->N, in.laneStride});
  disjoint("destination", in.out, std::move(extents));
}

void Decoder::activation(Instruction& in) {
  if (!lanes()) refuse("activations with their derivative belong into lanes loops");
  in.arity = static_cast<int32_t>(integer("function", 0, kLastActivation));
  in.rank = 1;
  in.dims[0] = size("rows");
  Operand &z = in.in[0], &slope = in.in[1];
  operand("z", z, 1, perSample());
  operand("value", in.out, 1, writable());
  operand("slope", slope, 1, writable());
  work({}, in);
  access("z", z, {{in.dims[0], z.strides[0]}});
  access("value", in.out, {{in.dims[0], in.out.strides[0]}});
  disjoint("value", in.out, {{in.dims[0], in.out.strides[0]}});
  access("slope", slope, {{in.dims[0], slope.strides[0]}});
  disjoint("slope", slope, {{in.dims[0], slope.strides[0]}});
}

void Decoder::laneSum(Instruction& in) {
  if (!lanes()) refuse("sums over samples belong into lanes loops");
  rankAndDims(in);
  in.out.space = Space::kAccumulator;
  in.out.offset = size("accumulator offset");
  strides("accumulator", in.out.strides.data(), in.rank);
  operand("source", in.in[0], in.rank, readable());
  work({}, in);
  access("accumulator", in.out, kept(extentsOf(in, in.out)), 1, 0);
  disjoint("accumulator", in.out, kept(extentsOf(in, in.out)));
  access("source", in.in[0], extentsOf(in, in.in[0]), 1, 0);
  dtypeIsCompute("source", in.in[0]);
}

void Decoder::outerSum(Instruction& in) {
  if (!lanes()) refuse("sums over samples belong into lanes loops");
  rankAndDims(in);
  in.I = size("I");
  in.J = size("J");
  in.out.space = Space::kAccumulator;
  in.out.offset = size("accumulator offset");
  strides("accumulator", in.out.strides.data(), in.rank);
  strides("accumulator", in.outTail.data(), 2);
  in.pairs = static_cast<int32_t>(integer("pairs", 1, kMaxOuterPairs));
  if (in.pairs > 1 && in.rank > 0) refuse("more than one pair, and dims");
  const size_t operands = 2 * static_cast<size_t>(in.pairs);
  for (size_t p = 0; p < operands; ++p) {
    operand(p % 2 == 0 ? "a" : "b", in.in[p], in.rank, readable());
    strides("operand", in.inTail[p].data(), 1);
  }
  work({in.I, in.J, in.pairs}, in);
  std::vector<Extent> acc = kept(extentsOf(in, in.out));
  acc.push_back({in.I, in.outTail[0]});
  acc.push_back({in.J, in.outTail[1]});
  access("accumulator", in.out, acc, 1, 0);
  disjoint("accumulator", in.out, acc);
  for (size_t p = 0; p < operands; ++p) {
    std::vector<Extent> reads = extentsOf(in, in.in[p]);
    reads.push_back({p % 2 == 0 ? in.I : in.J, in.inTail[p][0]});
    access(p % 2 == 0 ? "a" : "b", in.in[p], reads, 1, 0);
    dtypeIsCompute("operand", in.in[p]);
  }
}

}  // namespace nabla
