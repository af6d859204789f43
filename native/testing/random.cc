// drawPortably(name, k0, k1, legacy, lower, upper, out) draws as nabla.node does, but by the code for any
// machine. randomFunction('log' | 'erf', x, out) evaluates the float64 functions random numbers are made
// with. Nothing is checked: the tests hand in what fits.
#include "random/random.h"

#include <cstdint>
#include <span>
#include <string>

#include "random/headers.h"
// After the standard headers, as everywhere.
#include "random/erf.h"
#include "random/log.h"
#include "testing/testing.h"

namespace nabla::testing {
namespace {

template <class T>
std::span<T> elements(const Napi::Value& value) {
  auto array = value.As<Napi::TypedArrayOf<T>>();
  return {array.Data(), array.ElementLength()};
}

template <class T>
bool draw(const std::string& name, random::Key key, random::Stream stream, random::Bounds<T> bounds,
          std::span<T> out) {
  const random::Generators& from = random::portableGenerators();
  constexpr bool kSingle = sizeof(T) == 4;
  if constexpr (kSingle) {
    if (name == "uniform") return from.uniform32(key, stream, bounds, out), true;
    if (name == "normal") return from.normal32(key, stream, out), true;
    if (name == "truncatedNormal") return from.truncatedNormal32(key, stream, bounds, out), true;
  } else {
    if (name == "uniform") return from.uniform64(key, stream, bounds, out), true;
    if (name == "normal") return from.normal64(key, stream, out), true;
    if (name == "truncatedNormal") return from.truncatedNormal64(key, stream, bounds, out), true;
  }
  return false;
}

Napi::Value drawPortably(const Napi::CallbackInfo& call) {
  const std::string name = call[0].As<Napi::String>();
  const random::Key key{call[1].As<Napi::Number>().Uint32Value(), call[2].As<Napi::Number>().Uint32Value()};
  const random::Stream stream =
      call[3].ToBoolean() ? random::Stream::kLegacy : random::Stream::kPartitionable;
  bool known = true;
  switch (call[6].As<Napi::TypedArray>().TypedArrayType()) {
    case napi_float32_array:
      known = draw<float>(name, key, stream, {elements<float>(call[4]), elements<float>(call[5])},
                          elements<float>(call[6]));
      break;
    case napi_float64_array:
      known = draw<double>(name, key, stream, {elements<double>(call[4]), elements<double>(call[5])},
                           elements<double>(call[6]));
      break;
    default:
      random::portableGenerators().bits32(key, stream, elements<uint32_t>(call[6]));
  }
  if (!known) throw Napi::Error::New(call.Env(), "drawPortably: no distribution " + name);
  return call.Env().Undefined();
}

Napi::Value randomFunction(const Napi::CallbackInfo& call) {
  const bool log = call[0].As<Napi::String>().Utf8Value() == "log";
  const auto x = elements<double>(call[1]);
  const auto out = elements<double>(call[2]);
  for (size_t i = 0; i < x.size(); ++i) out[i] = log ? random::naturalLog(x[i]) : random::errorFunction(x[i]);
  return call.Env().Undefined();
}

}  // namespace

void registerRandom(Napi::Env env, Napi::Object exports) {
  exports["drawPortably"] = Napi::Function::New<drawPortably>(env, "drawPortably");
  exports["randomFunction"] = Napi::Function::New<randomFunction>(env, "randomFunction");
}

}  // namespace nabla::testing
