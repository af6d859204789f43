// The decoder of programs, as its three files see it: decode.cc reads words and the program's structure,
// instructions.cc has the rules of each instruction, reach.cc those of an operand's memory.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "program/program.h"

namespace nabla {

// Integers beyond 2^53 are not exact in a word.
inline constexpr int64_t kMaxInteger = (int64_t{1} << 53) - 1;

// Thrown by the decoder only; decode() turns it into a Status.
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

// Extents of a result, where a stride of 0 means that the dim is summed over and not walked.
std::vector<Extent> kept(std::vector<Extent> extents);

// Which spaces an operand may be in.
using SpaceSet = unsigned;
constexpr SpaceSet bit(Space space) { return 1u << static_cast<unsigned>(space); }
inline constexpr SpaceSet kNoneSet = bit(Space::kNone);
inline constexpr SpaceSet kPanelSet = bit(Space::kPanel);
inline constexpr SpaceSet kUniformSet = bit(Space::kShared) | bit(Space::kInput) | bit(Space::kConstant);

const char* spaceName(Space space);

// Sum and product of non-negative numbers; false when they leave int64.
bool addTo(int64_t& sum, int64_t term);
bool multiplyInto(int64_t& product, int64_t factor);

class Decoder {
 public:
  Decoder(std::span<const double> words, const DecodeLimits& limits)
      : words_(words), maxScratch_(limits.maxScratchBytes), maxWords_(limits.maxWords) {}

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
  void denseGram(Instruction& in);
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
  // Kernels want whole cache lines of lanes.
  int64_t laneUnit() const { return 64 / elementBytes(program_->dtype); }
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

}  // namespace nabla
