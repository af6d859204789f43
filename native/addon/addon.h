// The N-API boundary. This is the only header that includes napi.h, because the defines below must stand
// before it everywhere or the translation units disagree about the same inline functions.
#pragma once

// Every C++ exception, not only Napi::Error, becomes a JavaScript exception; without this it ends the
// process.
#define NODE_ADDON_API_CPP_EXCEPTIONS_ALL
// An environment that is being torn down cannot take an exception any more; without this it ends the process
// too.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#ifndef NAPI_VERSION
#error "NAPI_VERSION is defined by the build"
#endif
#include <napi.h>

namespace nabla::addon {

// One function per file of this folder, each adding its functions to `exports`.
void registerInfo(Napi::Env env, Napi::Object exports);
void registerProgram(Napi::Env env, Napi::Object exports);
void registerRandom(Napi::Env env, Napi::Object exports);
void registerVectors(Napi::Env env, Napi::Object exports);

}  // namespace nabla::addon
