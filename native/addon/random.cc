// random(...): fills typed arrays with JAX's random numbers. lib/random is the caller and gives the arguments
// their meaning; here they are only made safe.
#include "random/random.h"

#include <cstdint>
#include <limits>
#include <string>

#include "addon/addon.h"
#include "addon/arguments.h"
#include "addon/errors.h"

namespace nabla::addon {
namespace {

// The first three arguments of every function: the two words of the key, and whether the stream is the legacy
// one.
struct Source {
  random::Key key;
  random::Stream stream;
};

Source source(const Napi::CallbackInfo& call) {
  constexpr int64_t kMaxWord = std::numeric_limits<uint32_t>::max();
  const int64_t k0 = integerArgument(call[0], "key[0]", 0, kMaxWord);
  const int64_t k1 = integerArgument(call[1], "key[1]", 0, kMaxWord);
  const bool legacy = integerArgument(call[2], "legacy", 0, 1) == 1;
  return {{static_cast<uint32_t>(k0), static_cast<uint32_t>(k1)},
          legacy ? random::Stream::kLegacy : random::Stream::kPartitionable};
}

void checkWords(Napi::Env env, random::Stream stream, uint64_t words) {
  if (stream == random::Stream::kLegacy && words > random::kMaxLegacyWords) {
    fail(env, "ERR_NABLA_TOO_LARGE",
         "the legacy stream has at most " + std::to_string(random::kMaxLegacyWords) +
             " words of 32 bits per array but " + std::to_string(words) + " were asked for");
  }
}

// A typed array of whatever length, whose type is `dtype`.
template <class T>
std::span<T> elements(const Napi::Value& value, DType dtype, const char* what) {
  if (!value.IsTypedArray()) failArgument(value.Env(), "a typed array", what, describe(value));
  const int64_t length = static_cast<int64_t>(value.As<Napi::TypedArray>().ElementLength());
  const ArrayView view = arrayView(value.Env(), value, {dtype, length}, what, 0);
  return {static_cast<T*>(view.data), static_cast<size_t>(length)};
}

bool isFloat64(const Napi::Value& value) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_float64_array;
}

// randomBits(k0, k1, legacy, width: 32 | 64, out: Uint32Array of n or 2n)
Napi::Value randomBits(const Napi::CallbackInfo& call) {
  const Source from = source(call);
  const int64_t width = integerArgument(call[3], "width", 32, 64);
  const auto out = elements<uint32_t>(call[4], DType::kU32, "out");
  checkWords(call.Env(), from.stream, out.size());
  const random::Generators& generators = random::generators();
  (width == 64 ? generators.bits64 : generators.bits32)(from.key, from.stream, out);
  return call.Env().Undefined();
}

// randomSplit(k0, k1, legacy, out: Uint32Array of 2n)
Napi::Value randomSplit(const Napi::CallbackInfo& call) {
  const Source from = source(call);
  const auto out = elements<uint32_t>(call[3], DType::kU32, "out");
  checkWords(call.Env(), from.stream, out.size());
  random::split(from.key, from.stream, out);
  return call.Env().Undefined();
}

// randomFoldIn(k0, k1, legacy, data, out: Uint32Array of 2); both streams fold alike.
Napi::Value randomFoldIn(const Napi::CallbackInfo& call) {
  const Source from = source(call);
  const int64_t data = integerArgument(call[3], "data", 0, std::numeric_limits<uint32_t>::max());
  const auto out = elements<uint32_t>(call[4], DType::kU32, "out");
  if (out.size() != 2) failArgument(call.Env(), "a Uint32Array of length 2", "out", describe(call[4]));
  const random::Key key = random::foldIn(from.key, static_cast<uint32_t>(data));
  out[0] = key.k0;
  out[1] = key.k1;
  return call.Env().Undefined();
}

// randomNormal(k0, k1, legacy, out)
Napi::Value randomNormal(const Napi::CallbackInfo& call) {
  const Source from = source(call);
  const random::Generators& generators = random::generators();
  if (isFloat64(call[3])) {
    const auto out = elements<double>(call[3], DType::kF64, "out");
    checkWords(call.Env(), from.stream, 2 * out.size());
    generators.normal64(from.key, from.stream, out);
  } else {
    const auto out = elements<float>(call[3], DType::kF32, "out");
    checkWords(call.Env(), from.stream, out.size());
    generators.normal32(from.key, from.stream, out);
  }
  return call.Env().Undefined();
}

template <class T>
using BoundedGenerator = void (*)(random::Key, random::Stream, random::Bounds<T>, std::span<T>);

template <class T>
void fillBounded(const Napi::CallbackInfo& call, DType dtype, BoundedGenerator<T> generator) {
  const Source from = source(call);
  const auto lower = elements<T>(call[3], dtype, "lower");
  const auto upper = elements<T>(call[4], dtype, "upper");
  const auto out = elements<T>(call[5], dtype, "out");
  if (lower.empty() || upper.size() != lower.size()) {
    failArgument(call.Env(), "as many numbers as lower has, and at least one,", "upper", describe(call[4]));
  }
  checkWords(call.Env(), from.stream, out.size() * (sizeof(T) / 4));
  generator(from.key, from.stream, {lower, upper}, out);
}

// randomUniform(k0, k1, legacy, lower, upper, out), all three arrays of one float type; bounds repeat along
// out.
Napi::Value randomUniform(const Napi::CallbackInfo& call) {
  const random::Generators& generators = random::generators();
  if (isFloat64(call[5])) {
    fillBounded<double>(call, DType::kF64, generators.uniform64);
  } else {
    fillBounded<float>(call, DType::kF32, generators.uniform32);
  }
  return call.Env().Undefined();
}

// randomTruncatedNormal(k0, k1, legacy, lower, upper, out), likewise.
Napi::Value randomTruncatedNormal(const Napi::CallbackInfo& call) {
  const random::Generators& generators = random::generators();
  if (isFloat64(call[5])) {
    fillBounded<double>(call, DType::kF64, generators.truncatedNormal64);
  } else {
    fillBounded<float>(call, DType::kF32, generators.truncatedNormal32);
  }
  return call.Env().Undefined();
}

}  // namespace

void registerRandom(Napi::Env env, Napi::Object exports) {
  expose<randomBits>(env, exports, "randomBits");
  expose<randomSplit>(env, exports, "randomSplit");
  expose<randomFoldIn>(env, exports, "randomFoldIn");
  expose<randomNormal>(env, exports, "randomNormal");
  expose<randomUniform>(env, exports, "randomUniform");
  expose<randomTruncatedNormal>(env, exports, "randomTruncatedNormal");
}

}  // namespace nabla::addon
