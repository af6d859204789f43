// Entry point of nabla.node.
#include "addon/addon.h"
#include "addon/environment.h"

static Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  nabla::addon::Environment::create(env);
  nabla::addon::registerInfo(env, exports);
  nabla::addon::registerProgram(env, exports);
  nabla::addon::registerRandom(env, exports);
  nabla::addon::registerVectors(env, exports);
  return exports;
}

NODE_API_MODULE(nabla, initialise)
