// Decoding and validation of programs: words, counts and the structure of a program. Everything that runs
// later relies on what is refused here.
#include <cmath>
#include <limits>
#include <new>
#include <string>

#include "program/decoder.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#else
#include <unistd.h>
#endif

namespace nabla {
namespace {

// More lanes than this fit no cache.
constexpr int64_t kMaxBlock = 65536;
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
    case Opcode::kDenseGram:
      return "DENSE_GRAM";
  }
  return "unknown opcode";
}

}  // namespace

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
  opcode_ = integer("opcode", 1, 10);
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
    case Opcode::kDenseGram:
      denseGram(in);
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

Status decode(std::span<const double> words, Program& program, const DecodeLimits& limits) noexcept {
  Status status;
  program = {};
  try {
    DecodeLimits known = limits;
    if (known.maxScratchBytes <= 0) known.maxScratchBytes = machineMemoryBytes();
    Decoder(words, known).decode(program);
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
