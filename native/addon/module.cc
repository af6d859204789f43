// Entry point of nabla.node.
#include "addon/addon.h"

static Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  nabla::addon::registerInfo(env, exports);
  return exports;
}

NODE_API_MODULE(nabla, initialise)
