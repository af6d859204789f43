// Decoding and validation of programs. Everything that runs later relies on what is refused here.
#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <new>
#include <string>

#include "program/program.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#else
#include <unistd.h>
#endif

namespace nabla {
namespace {

// Integers beyond 2^53 are not exact in a word.
constexpr int64_t kMaxInteger = (int64_t{1} << 53) - 1;
// Elements one instruction may touch in one block. At a billion a second this is minutes: no honest program
// comes near, and a hostile one cannot hide an endless loop in broadcast dims.
constexpr int64_t kMaxElementsPerInstruction = int64_t{1} << 40;
// Kernels want whole cache lines of lanes; more lanes than this fit no cache.
constexpr int64_t kMaxBlock = 65536;
constexpr int64_t kLaneBytes = 64;
// Chunks of accumulators a run may need at least (see exec/chunks.h).
constexpr int64_t kMinChunks = 8;

int64_t machineMemoryBytes() {
#if defined(_WIN32)
  MEMORYSTATUSEX memory{};
  memory.dwLength = sizeof memory;
  if (GlobalMemoryStatusEx(&memory)) return static_cast<int64_t>(memory.ullTotalPhys);
#else
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long size = sysconf(_SC_PAGESIZE);
  if (pages > 0 && size > 0) return static_cast<int64_t>(pages) * size;
#endif
  return int64_t{1} << 40;
}

const char* opcodeName(int64_t opcode) {
  switch (static_cast<Opcode>(opcode)) {
    case Opcode::kElementwise:
      return "ELEMENTWISE";
    case Opcode::kDense:
      return "DENSE";
    case Opcode::kContract:
      return "CONTRACT";
    case Opcode::kReduceSum:
      return "REDUCE_SUM";
    case Opcode::kGather:
      return "GATHER";
    case Opcode::kScatter:
      return "SCATTER";
    case Opcode::kLaneSum:
      return "LANE_SUM";
    case Opcode::kOuterSum:
      return "OUTER_SUM";
    case Opcode::kActivation:
      return "ACTIVATION";
  }
  return "unknown opcode";
}

const char* spaceName(Space space) {
  switch (space) {
    case Space::kNone:
      return "NONE";
    case Space::kPanel:
      return "PANEL";
    case Space::kShared:
      return "SHARED";
    case Space::kInput:
      return "INPUT";
    case Space::kOutput:
      return "OUTPUT";
    case Space::kConstant:
      return "CONSTANT";
    case Space::kAccumulator:
      return "ACCUMULATOR";
  }
  return "?";
}

// Sum and product of non-negative numbers; false when they leave int64.
bool addTo(int64_t& sum, int64_t term) {
  if (term > std::numeric_limits<int64_t>::max() - sum) return false;
  sum += term;
  return true;
}
bool multiplyInto(int64_t& product, int64_t factor) {
  if (factor != 0 && product > std::numeric_limits<int64_t>::max() / factor) return false;
  product *= factor;
  return true;
}

// Thrown inside this file only; decode() turns it into a Status.
struct Refusal {
  StatusCode code;
  std::string message;
};

// A dim of an access: how many steps of which stride. `summed` dims have stride 0 on the result and do not
// count there.
struct Extent {
  int64_t size;
  int64_t stride;
};

// Which spaces an operand may be in.
using SpaceSet = unsigned;
constexpr SpaceSet bit(Space space) { return 1u << static_cast<unsigned>(space); }
constexpr SpaceSet kNoneSet = bit(Space::kNone);
constexpr SpaceSet kPanelSet = bit(Space::kPanel);
constexpr SpaceSet kUniformSet = bit(Space::kShared) | bit(Space::kInput) | bit(Space::kConstant);

class Decoder {
 public:
  Decoder(std::span<const double> words, const DecodeLimits& limits)
      : words_(words),
        maxScratch_(limits.maxScratchBytes > 0 ? limits.maxScratchBytes : machineMemoryBytes()),
        maxWords_(limits.maxWords) {}

  void decode(Program& program);

 private:
  [[noreturn]] void refuse(const std::string& why, StatusCode code = StatusCode::kProgram) const;
  double word(const char* what);
  int64_t integer(const char* what, int64_t low, int64_t high);
  int64_t size(const char* what) { return integer(what, 0, kMaxInteger); }
  bool flag(const char* what) { return integer(what, 0, 1) != 0; }
  void count(const char* what, int64_t items, int64_t wordsEach) const;
  void scratch(const char* what, int64_t elements, int64_t copies) const;

  ArraySpec arraySpec();
  void loop(Loop& loop);
  void instruction(Instruction& in);
  void finals(Final& final);

  void rankAndDims(Instruction& in);
  void base(const char* what, Operand& operand, SpaceSet allowed);
  void strides(const char* what, int64_t* into, int count);
  void operand(const char* what, Operand& operand, int strideCount, SpaceSet allowed);
  int64_t spaceLength(const Operand& operand) const;
  void access(const char* what, Operand& operand, std::initializer_list<Extent> extents, int64_t laneSize = 1,
              int64_t laneStride = 0);
  void access(const char* what, Operand& operand, std::span<const Extent> extents, int64_t laneSize,
              int64_t laneStride);
  void disjoint(const char* what, const Operand& operand, std::vector<Extent> extents) const;
  void dtypeIsCompute(const char* what, const Operand& operand) const;
  void work(std::initializer_list<int64_t> sizes, const Instruction& in) const;

  void elementwise(Instruction& in);
  void dense(Instruction& in);
  void contract(Instruction& in);
  void activation(Instruction& in);
  void reduceSum(Instruction& in);
  void gather(Instruction& in);
  void scatter(Instruction& in);
  void laneSum(Instruction& in);
  void outerSum(Instruction& in);

  bool lanes() const { return loop_->kind == LoopKind::kLanes; }
  // Values a lane kernel takes either per sample or uniform; in flat loops everything is uniform.
  SpaceSet readable() const { return kUniformSet | (lanes() ? kPanelSet : bit(Space::kOutput)); }
  SpaceSet uniform() const { return kUniformSet | (lanes() ? 0u : bit(Space::kOutput)); }
  // Values a lane kernel takes per sample only.
  SpaceSet perSample() const { return lanes() ? kPanelSet : readable(); }
  SpaceSet writable() const { return lanes() ? kPanelSet : bit(Space::kShared) | bit(Space::kOutput); }
  int64_t laneUnit() const { return kLaneBytes / elementBytes(program_->dtype); }
  std::vector<Extent> extentsOf(const Instruction& in, const Operand& operand) const;

  std::span<const double> words_;
  int64_t maxScratch_;
  int64_t maxWords_;
  size_t at_ = 0;
  Program* program_ = nullptr;
  const Loop* loop_ = nullptr;
  int64_t loopIndex_ = -1;
  int64_t instructionIndex_ = -1;
  int64_t opcode_ = 0;
  int64_t finalIndex_ = -1;
};

void Decoder::refuse(const std::string& why, StatusCode code) const {
  std::string where = "program refused at word " + std::to_string(at_ > 0 ? at_ - 1 : 0);
  if (loopIndex_ >= 0) {
    where += " (loop " + std::to_string(loopIndex_);
    if (instructionIndex_ >= 0) {
      where += ", instruction " + std::to_string(instructionIndex_);
      if (opcode_ != 0) where += std::string(" ") + opcodeName(opcode_);
    }
    if (finalIndex_ >= 0) where += ", final " + std::to_string(finalIndex_);
    where += ")";
  }
  throw Refusal{code, where + ": " + why};
}

double Decoder::word(const char* what) {
  if (at_ >= words_.size()) {
    refuse("it ends after " + std::to_string(words_.size()) + " words, where " + what + " is expected");
  }
  return words_[at_++];
}

int64_t Decoder::integer(const char* what, int64_t low, int64_t high) {
  const double value = word(what);
  // NaN fails the first comparison. High is below 2^53, so the conversion is exact.
  if (!(value >= static_cast<double>(low) && value <= static_cast<double>(high)) ||
      std::trunc(value) != value) {
    const bool tooLarge = high == kMaxInteger && value > static_cast<double>(high);
    refuse(std::string(what) + ": expected an integer from " + std::to_string(low) + " to " +
               std::to_string(high) + " but received " + std::to_string(value),
           tooLarge ? StatusCode::kTooLarge : StatusCode::kProgram);
  }
  return static_cast<int64_t>(value);
}

// Refuses a count that the words left cannot hold, before anything is reserved for it.
void Decoder::count(const char* what, int64_t items, int64_t wordsEach) const {
  if (items > static_cast<int64_t>(words_.size() - at_) / wordsEach) {
    refuse(std::string(what) + ": " + std::to_string(items) + " of them do not fit into the " +
           std::to_string(words_.size() - at_) + " words that follow");
  }
}

void Decoder::scratch(const char* what, int64_t elements, int64_t copies) const {
  int64_t bytes = elements;
  if (!multiplyInto(bytes, elementBytes(program_->dtype) * copies) || bytes > maxScratch_) {
    refuse(std::string(what) + ": " + std::to_string(elements) + " elements are more than the " +
               std::to_string(maxScratch_) + " bytes of memory can hold",
           StatusCode::kTooLarge);
  }
}

ArraySpec Decoder::arraySpec() {
  ArraySpec spec;
  spec.dtype = static_cast<DType>(integer("dtype", 0, 4));
  spec.length = integer("length", 0, kMaxInteger / 8);
  return spec;
}

void Decoder::decode(Program& program) {
  program_ = &program;
  if (static_cast<int64_t>(words_.size()) > maxWords_) {
    refuse(std::to_string(words_.size()) + " words are too many", StatusCode::kTooLarge);
  }
  if (word("the magic number") != kProgramMagic) refuse("this is no program: the magic number is missing");
  if (word("the version") != kProgramVersion) {
    refuse("version " + std::to_string(words_[at_ - 1]) + " of the format is not version " +
           std::to_string(kProgramVersion));
  }
  program.dtype = static_cast<DType>(integer("compute dtype", 0, 1));
  const int64_t inputs = size("number of inputs");
  const int64_t outputs = size("number of outputs");
  const int64_t constants = size("number of constants");
  program.sharedElements = size("shared elements");
  scratch("shared elements", program.sharedElements, 1);
  const int64_t loops = size("number of loops");

  count("inputs", inputs, 2);
  for (int64_t i = 0; i < inputs; ++i) program.inputs.push_back(arraySpec());
  count("outputs", outputs, 2);
  for (int64_t i = 0; i < outputs; ++i) program.outputs.push_back(arraySpec());
  count("constants", constants, 1);
  for (int64_t i = 0; i < constants; ++i) program.constants.push_back(word("a constant"));

  count("loops", loops, 7);
  program.loops.reserve(static_cast<size_t>(loops));
  for (loopIndex_ = 0; loopIndex_ < loops; ++loopIndex_) {
    program.loops.emplace_back();
    loop(program.loops.back());
  }
  loopIndex_ = -1;
  if (at_ != words_.size()) {
    refuse(std::to_string(words_.size() - at_) + " words are left over after the last loop");
  }
}

void Decoder::loop(Loop& loop) {
  loop_ = &loop;
  loop.kind = static_cast<LoopKind>(integer("loop kind", 0, 1));
  loop.N = size("N");
  loop.B = size("B");
  loop.arenaElements = size("arena elements");
  loop.accumulatorElements = size("accumulator elements");
  const int64_t instructions = size("number of instructions");
  const int64_t finalCount = size("number of finals");
  if (lanes()) {
    if (loop.B < 1 || loop.B % laneUnit() != 0 || loop.B > kMaxBlock) {
      refuse("B: expected a multiple of " + std::to_string(laneUnit()) + " up to " +
             std::to_string(kMaxBlock) + " but received " + std::to_string(loop.B));
    }
  } else if (loop.N != 1 || loop.B != 1 || loop.arenaElements != 0 || loop.accumulatorElements != 0) {
    refuse("a flat loop has N = 1, B = 1, no arena and no accumulators");
  }
  scratch("arena elements", loop.arenaElements, 1);
  scratch("accumulator elements", loop.accumulatorElements, kMinChunks);

  count("instructions", instructions, 3);
  loop.instructions.reserve(static_cast<size_t>(instructions));
  for (instructionIndex_ = 0; instructionIndex_ < instructions; ++instructionIndex_) {
    loop.instructions.emplace_back();
    instruction(loop.instructions.back());
  }
  instructionIndex_ = -1;
  opcode_ = 0;
  count("finals", finalCount, 6);
  loop.finals.reserve(static_cast<size_t>(finalCount));
  for (finalIndex_ = 0; finalIndex_ < finalCount; ++finalIndex_) {
    loop.finals.emplace_back();
    finals(loop.finals.back());
  }
  finalIndex_ = -1;
}

void Decoder::instruction(Instruction& in) {
  const size_t start = at_;
  opcode_ = 0;
  opcode_ = integer("opcode", 1, 9);
  in.opcode = static_cast<Opcode>(opcode_);
  const int64_t words = size("instruction length");
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
  if (static_cast<int64_t>(at_ - start) != words) {
    refuse("the instruction says it has " + std::to_string(words) + " words but has " +
           std::to_string(at_ - start));
  }
}

void Decoder::rankAndDims(Instruction& in) {
  in.rank = static_cast<int32_t>(integer("rank", 0, kMaxRank));
  for (int32_t d = 0; d < in.rank; ++d) in.dims[static_cast<size_t>(d)] = size("dim");
}

void Decoder::base(const char* what, Operand& operand, SpaceSet allowed) {
  const auto space = static_cast<Space>(integer("operand space", 0, 6));
  if ((allowed & bit(space)) == 0) {
    refuse(std::string(what) + ": an operand in " + spaceName(space) + " may not stand here in a " +
           (lanes() ? "lanes" : "flat") + " loop");
  }
  operand.space = space;
  int64_t count = 1;
  if (space == Space::kInput) count = static_cast<int64_t>(program_->inputs.size());
  if (space == Space::kOutput) count = static_cast<int64_t>(program_->outputs.size());
  if (space == Space::kConstant) count = static_cast<int64_t>(program_->constants.size());
  if (count > std::numeric_limits<int32_t>::max()) count = std::numeric_limits<int32_t>::max();
  if (count == 0) refuse(std::string(what) + ": there is no " + spaceName(space));
  operand.index = static_cast<int32_t>(integer("operand index", 0, count - 1));
  operand.offset = size("operand offset");
}

void Decoder::strides(const char*, int64_t* into, int count) {
  for (int i = 0; i < count; ++i) into[i] = size("stride");
}

void Decoder::operand(const char* what, Operand& operand, int strideCount, SpaceSet allowed) {
  base(what, operand, allowed);
  strides(what, operand.strides.data(), strideCount);
}

int64_t Decoder::spaceLength(const Operand& operand) const {
  const auto index = static_cast<size_t>(operand.index);
  switch (operand.space) {
    case Space::kNone:
      return 0;
    case Space::kPanel:
      return loop_->arenaElements;
    case Space::kShared:
      return program_->sharedElements;
    case Space::kInput:
      return program_->inputs[index].length;
    case Space::kOutput:
      return program_->outputs[index].length;
    case Space::kConstant:
      return 1;
    case Space::kAccumulator:
      return loop_->accumulatorElements;
  }
  return 0;
}

void Decoder::access(const char* what, Operand& operand, std::initializer_list<Extent> extents,
                     int64_t laneSize, int64_t laneStride) {
  access(what, operand, std::span<const Extent>(extents.begin(), extents.size()), laneSize, laneStride);
}

// Refuses an operand that reaches beyond its space. Extents are what the instruction walks over, the lane
// axis of a gather or scatter beside them. An access of no element at all is moved to offset 0, so that its
// pointer can be formed.
void Decoder::access(const char* what, Operand& operand, std::span<const Extent> extents, int64_t laneSize,
                     int64_t laneStride) {
  if (operand.space == Space::kNone) return;
  const int64_t unit = laneUnit();
  bool empty = laneSize == 0;
  int64_t last = operand.offset;
  bool fits = true;
  auto extend = [&](const Extent& extent) {
    if (extent.size == 0) empty = true;
    if (extent.size <= 1) return;
    int64_t reach = extent.size - 1;
    fits = fits && multiplyInto(reach, extent.stride) && addTo(last, reach);
    if (operand.space == Space::kPanel && extent.stride % unit != 0) {
      refuse(std::string(what) + ": a panel's stride of " + std::to_string(extent.stride) +
             " is no multiple of " + std::to_string(unit) + " lanes");
    }
  };
  for (const Extent& extent : extents) extend(extent);
  extend({laneSize, laneStride});
  if (empty) {
    operand.offset = 0;
    return;
  }
  if (operand.space == Space::kPanel) {
    if (operand.offset % unit != 0) {
      refuse(std::string(what) + ": a panel's offset of " + std::to_string(operand.offset) +
             " is no multiple of " + std::to_string(unit) + " lanes");
    }
    fits = fits && addTo(last, loop_->B - 1);
  }
  const int64_t length = spaceLength(operand);
  if (!fits || last >= length) {
    refuse(std::string(what) + ": it reaches element " + (fits ? std::to_string(last) : "2^63") + " of " +
           spaceName(operand.space) + " " + std::to_string(operand.index) + ", which has " +
           std::to_string(length));
  }
}

// Refuses a result whose elements share memory with each other: two samples or two threads would write the
// same place. The test is that every stride clears all that the smaller ones cover, which holds for any slice
// or transpose of an array.
void Decoder::disjoint(const char* what, const Operand& operand, std::vector<Extent> extents) const {
  for (const Extent& extent : extents) {
    if (extent.size == 0) return;
  }
  std::erase_if(extents, [](const Extent& extent) { return extent.size <= 1; });
  std::sort(extents.begin(), extents.end(),
            [](const Extent& a, const Extent& b) { return a.stride < b.stride; });
  int64_t covered = operand.space == Space::kPanel ? loop_->B : 1;
  for (const Extent& extent : extents) {
    if (extent.stride < covered) {
      refuse(std::string(what) + ": its elements overlap each other (a stride of " +
             std::to_string(extent.stride) + " inside of which " + std::to_string(covered) +
             " elements lie)");
    }
    // No overflow: access() has found that this reach lies within the space.
    covered += (extent.size - 1) * extent.stride;
  }
}

void Decoder::dtypeIsCompute(const char* what, const Operand& operand) const {
  const auto index = static_cast<size_t>(operand.index);
  const bool input = operand.space == Space::kInput;
  if (!input && operand.space != Space::kOutput) return;
  if ((input ? program_->inputs[index] : program_->outputs[index]).dtype != program_->dtype) {
    refuse(std::string(what) + ": " + spaceName(operand.space) + " " + std::to_string(operand.index) +
           " does not have the program's dtype");
  }
}

void Decoder::work(std::initializer_list<int64_t> sizes, const Instruction& in) const {
  int64_t elements = loop_->B;
  bool fits = true;
  auto grow = [&](int64_t factor) {
    fits = fits && multiplyInto(elements, std::max<int64_t>(factor, 1)) &&
           elements <= kMaxElementsPerInstruction;
  };
  for (int64_t factor : sizes) grow(factor);
  for (int32_t d = 0; d < in.rank; ++d) grow(in.dims[static_cast<size_t>(d)]);
  if (!fits) refuse("the instruction touches more than 2^40 elements", StatusCode::kTooLarge);
}

std::vector<Extent> Decoder::extentsOf(const Instruction& in, const Operand& operand) const {
  std::vector<Extent> extents;
  for (int32_t d = 0; d < in.rank; ++d) {
    extents.push_back({in.dims[static_cast<size_t>(d)], operand.strides[static_cast<size_t>(d)]});
  }
  return extents;
}

// Extents of a result, where a stride of 0 means that the dim is summed over and not walked.
std::vector<Extent> kept(std::vector<Extent> extents) {
  std::erase_if(extents, [](const Extent& extent) { return extent.stride == 0; });
  return extents;
}

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
  Operand &a = in.in[0], &b = in.in[1];
  operand("a", a, in.rank, readable());
  strides("a", in.inTail[0].data(), 1);
  operand("b", b, in.rank, readable());
  strides("b", in.inTail[1].data(), 1);
  work({in.I, in.J}, in);
  std::vector<Extent> acc = kept(extentsOf(in, in.out));
  acc.push_back({in.I, in.outTail[0]});
  acc.push_back({in.J, in.outTail[1]});
  access("accumulator", in.out, acc, 1, 0);
  disjoint("accumulator", in.out, acc);
  std::vector<Extent> reads = extentsOf(in, a);
  reads.push_back({in.I, in.inTail[0][0]});
  access("a", a, reads, 1, 0);
  reads = extentsOf(in, b);
  reads.push_back({in.J, in.inTail[1][0]});
  access("b", b, reads, 1, 0);
  dtypeIsCompute("a", a);
  dtypeIsCompute("b", b);
}

void Decoder::finals(Final& final) {
  Operand accumulator;
  accumulator.space = Space::kAccumulator;
  accumulator.offset = size("accumulator offset");
  final.length = size("length");
  base("destination", final.dst, bit(Space::kShared) | bit(Space::kOutput));
  final.beta = word("beta");
  access("accumulator", accumulator, {{final.length, 1}});
  access("destination", final.dst, {{final.length, 1}});
  dtypeIsCompute("destination", final.dst);
  final.accOffset = accumulator.offset;
}

}  // namespace

Status decode(std::span<const double> words, Program& program, const DecodeLimits& limits) noexcept {
  Status status;
  program = {};
  try {
    Decoder(words, limits).decode(program);
    return status;
  } catch (Refusal& refusal) {
    status.code = refusal.code;
    status.message = std::move(refusal.message);
  } catch (const std::bad_alloc&) {
    status.code = StatusCode::kOutOfMemory;  // no message: it would need memory
  } catch (...) {
    status.code = StatusCode::kProgram;
  }
  program = {};
  return status;
}

}  // namespace nabla
