// What can go wrong below the addon. One code per row, one stable name per code, one sentence per occurrence.
#pragma once

#include <string>
#include <utility>

namespace nabla {

enum class StatusCode {
  kOk,
  kProgram,      // ERR_NABLA_PROGRAM: the program breaks a rule of the format
  kTooLarge,     // ERR_NABLA_TOO_LARGE: sizes no machine of this kind could hold
  kOutOfMemory,  // ERR_NABLA_OUT_OF_MEMORY: an allocation failed; nothing is left half done but the outputs
  kArgument,     // ERR_NABLA_ARGUMENT: inputs or outputs are not what the program declares
  kAborted,      // ERR_NABLA_ABORTED: the caller's abort flag was seen; outputs are incomplete
};

constexpr const char* statusName(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "OK";
    case StatusCode::kProgram:
      return "ERR_NABLA_PROGRAM";
    case StatusCode::kTooLarge:
      return "ERR_NABLA_TOO_LARGE";
    case StatusCode::kOutOfMemory:
      return "ERR_NABLA_OUT_OF_MEMORY";
    case StatusCode::kArgument:
      return "ERR_NABLA_ARGUMENT";
    case StatusCode::kAborted:
      return "ERR_NABLA_ABORTED";
  }
  return "ERR_NABLA_INTERNAL";
}

struct Status {
  StatusCode code = StatusCode::kOk;
  std::string message;

  bool ok() const { return code == StatusCode::kOk; }
  static Status error(StatusCode code, std::string message) { return {code, std::move(message)}; }
};

}  // namespace nabla
