#include <unistd.h>

#include <thread>

#include "addon/errors.h"
#include "exec/thread_pool.h"
#include "kernels/table.h"

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
  result["defaultThreads"] = Napi::Number::New(env, defaultThreadCount());
  result["isa"] = Napi::String::New(env, activeTable().isa);
  const auto tables = supportedTables();
  Napi::Array isas = Napi::Array::New(env, tables.size());
  for (uint32_t i = 0; i < tables.size(); ++i) isas[i] = Napi::String::New(env, tables[i]->isa);
  result["isas"] = isas;
  Napi::Object caches = Napi::Object::New(env);
  caches["l1d"] = Napi::Number::New(env, cacheBytes(1));
  caches["l2"] = Napi::Number::New(env, cacheBytes(2));
  caches["l3"] = Napi::Number::New(env, cacheBytes(3));
  result["caches"] = caches;
  return result;
}

}  // namespace

void registerInfo(Napi::Env env, Napi::Object exports) { expose<info>(env, exports, "info"); }

}  // namespace nabla::addon
