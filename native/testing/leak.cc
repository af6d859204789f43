// leak(bytes): loses so many bytes. .ci/leaks.sh calls it to see that a leak would be seen.
#include <cstdlib>
#include <cstring>

#include "testing/testing.h"

namespace nabla::testing {
namespace {

Napi::Value leak(const Napi::CallbackInfo& call) {
  const auto bytes = static_cast<size_t>(call[0].As<Napi::Number>().Int64Value());
  void* volatile lost = std::malloc(bytes);
  if (lost != nullptr) std::memset(lost, 1, bytes);
  lost = nullptr;  // the last pointer to it
  return call.Env().Undefined();
}

}  // namespace

void registerLeak(Napi::Env env, Napi::Object exports) {
  exports.Set("leak", Napi::Function::New(env, leak, "leak"));
}

}  // namespace nabla::testing
