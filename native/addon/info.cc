#include <unistd.h>

#include <thread>

#include "addon/addon.h"

namespace nabla::addon {
namespace {

// Bytes of a data cache, or 0 where the system does not say (musl, macOS).
double cacheBytes(int level) {
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  constexpr int kNames[] = {_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE};
  const long bytes = sysconf(kNames[level - 1]);
  return bytes > 0 ? static_cast<double>(bytes) : 0;
#else
  (void)level;
  return 0;
#endif
}

Napi::Value info(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  Napi::Object result = Napi::Object::New(env);
  result["version"] = Napi::String::New(env, NABLA_VERSION);
  result["hardwareThreads"] = Napi::Number::New(env, std::thread::hardware_concurrency());
  Napi::Object caches = Napi::Object::New(env);
  caches["l1d"] = Napi::Number::New(env, cacheBytes(1));
  caches["l2"] = Napi::Number::New(env, cacheBytes(2));
  caches["l3"] = Napi::Number::New(env, cacheBytes(3));
  result["caches"] = caches;
  return result;
}

}  // namespace

void registerInfo(Napi::Env env, Napi::Object exports) {
  exports["info"] = Napi::Function::New(env, info, "info");
}

}  // namespace nabla::addon
