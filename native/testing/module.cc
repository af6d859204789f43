// Entry point of nabla_testing.node: parts of the native core that JavaScript never calls in earnest, for the
// test suite and the benchmarks.
#include "testing/testing.h"

static Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  nabla::testing::registerKernels(env, exports);
  nabla::testing::registerLeak(env, exports);
  nabla::testing::registerPeak(env, exports);
  nabla::testing::registerProfile(env, exports);
  nabla::testing::registerPrograms(env, exports);
  nabla::testing::registerRandom(env, exports);
  nabla::testing::registerVectors(env, exports);
  return exports;
}

NODE_API_MODULE(nabla_testing, initialise)
