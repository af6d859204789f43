// Declarative checks of what JavaScript hands over. Each either returns the value or throws
// "expected X for Y but received Z" with a code.
#pragma once

#include <cstdint>
#include <string>

#include "addon/addon.h"
#include "exec/executor.h"
#include "program/program.h"

namespace nabla::addon {

// How a message names a value: "null", "a string", "a Float64Array of length 3".
std::string describe(const Napi::Value& value);

// "a Float32Array of length 12"
std::string describe(const ArraySpec& spec);

// An integer in [low, high].
int64_t integerArgument(const Napi::Value& value, const char* what, int64_t low, int64_t high);

Napi::Array arrayArgument(const Napi::Value& value, const char* what, size_t length);

Napi::Function functionArgument(const Napi::Value& value, const char* what);

// Whether another thread may use the arrays after the call has returned.
enum class Use { kDuringCall, kAfterCall };

// The memory of a typed array whose element type and length are exactly those of `spec`. Views of a
// SharedArrayBuffer are accepted. Runs no JavaScript. Throws ERR_NABLA_DETACHED or ERR_NABLA_ARGUMENT; the
// message calls the array `what`[index].
ArrayView arrayView(Napi::Env env, napi_value value, const ArraySpec& spec, const char* what, uint32_t index);

// ERR_NABLA_RESIZABLE for a view of a resizable ArrayBuffer, which may shrink while a thread reads it. May
// run JavaScript.
void refuseResizable(Napi::Env env, napi_value value, const char* what, uint32_t index);

}  // namespace nabla::addon
