// C++ failures as JavaScript errors with a `code`; lib/runtime turns them into NablaError.
#pragma once

#include <new>
#include <stdexcept>
#include <string>

#include "addon/addon.h"
#include "program/status.h"

namespace nabla::addon {

inline Napi::Error makeError(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

[[noreturn]] inline void fail(Napi::Env env, const char* code, const std::string& message) {
  throw makeError(env, code, message);
}

// "expected a Float32Array for inputs[0] but received null"
[[noreturn]] inline void failArgument(Napi::Env env, const std::string& expected, const std::string& what,
                                      const std::string& received) {
  fail(env, "ERR_NABLA_ARGUMENT", "expected " + expected + " for " + what + " but received " + received);
}

inline void check(Napi::Env env, const Status& status) {
  if (!status.ok()) fail(env, statusName(status.code), status.message);
}

// Wraps an exported function so that whatever C++ throws arrives with a code. Napi::Error is already a
// JavaScript error.
template <Napi::Value (*function)(const Napi::CallbackInfo&)>
Napi::Value guarded(const Napi::CallbackInfo& call) {
  try {
    return function(call);
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    fail(call.Env(), "ERR_NABLA_OUT_OF_MEMORY", "memory ran out in the native core");
  } catch (const std::exception& error) {
    fail(call.Env(), "ERR_NABLA_INTERNAL", std::string("the native core failed: ") + error.what());
  } catch (...) {
    fail(call.Env(), "ERR_NABLA_INTERNAL", "the native core failed");
  }
}

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
void expose(Napi::Env env, Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New(env, guarded<function>, name));
}

}  // namespace nabla::addon
