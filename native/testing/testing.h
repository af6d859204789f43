// Registration functions of nabla_testing.node, one per file of this folder.
#pragma once

#include "addon/addon.h"

namespace nabla::testing {

void registerKernels(Napi::Env env, Napi::Object exports);
void registerLeak(Napi::Env env, Napi::Object exports);
void registerPeak(Napi::Env env, Napi::Object exports);
void registerProfile(Napi::Env env, Napi::Object exports);
void registerPrograms(Napi::Env env, Napi::Object exports);
void registerRandom(Napi::Env env, Napi::Object exports);
void registerVectors(Napi::Env env, Napi::Object exports);

}  // namespace nabla::testing
