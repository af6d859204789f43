// What an operand may reach: within its space, on whole lanes, and no element of a result twice.
#include <algorithm>
#include <limits>
#include <string>

#include "program/decoder.h"

namespace nabla {
namespace {

// Elements one instruction may touch in one block. At a billion a second this is minutes: no honest program
// comes near, and a hostile one cannot hide an endless loop in broadcast dims.
constexpr int64_t kMaxElementsPerInstruction = int64_t{1} << 40;

}  // namespace

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

std::vector<Extent> kept(std::vector<Extent> extents) {
  std::erase_if(extents, [](const Extent& extent) { return extent.stride == 0; });
  return extents;
}

}  // namespace nabla
