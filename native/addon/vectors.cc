// vectorProducts(...), vectorCombine(...): sums over many vectors at once. lib/optim is the caller; here its
// arguments are only made safe.
#include "vectors/vectors.h"

#include <cstdint>
#include <string>
#include <vector>

#include "addon/addon.h"
#include "addon/arguments.h"
#include "addon/errors.h"

namespace nabla::addon {
namespace {

// A Float64Array of any length.
std::span<double> vectorArgument(const Napi::Value& value, const char* what) {
  if (!value.IsTypedArray()) failArgument(value.Env(), "a Float64Array", what, describe(value));
  const auto length = static_cast<int64_t>(value.As<Napi::TypedArray>().ElementLength());
  const ArrayView view = arrayView(value.Env(), value, {DType::kF64, length}, what, 0);
  return {static_cast<double*>(view.data), static_cast<size_t>(length)};
}

double* ofLength(const Napi::Value& value, size_t length, const char* what) {
  const ArraySpec spec{DType::kF64, static_cast<int64_t>(length)};
  return static_cast<double*>(arrayView(value.Env(), value, spec, what, 0).data);
}

double* ofLengthOrNull(const Napi::Value& value, size_t length, const char* what) {
  return value.IsNull() ? nullptr : ofLength(value, length, what);
}

// A list of Float64Arrays, each of this length.
std::vector<const double*> vectorsArgument(const Napi::Value& value, size_t length) {
  if (!value.IsArray()) failArgument(value.Env(), "a list of Float64Arrays", "vectors", describe(value));
  const auto list = value.As<Napi::Array>();
  const ArraySpec spec{DType::kF64, static_cast<int64_t>(length)};
  std::vector<const double*> vectors(list.Length());
  for (uint32_t k = 0; k < vectors.size(); ++k) {
    vectors[k] = static_cast<const double*>(
        arrayView(value.Env(), static_cast<napi_value>(list[k]), spec, "vectors", k).data);
  }
  return vectors;
}

// vectorProducts(vectors, x, onX, y | null, onY | null)
Napi::Value vectorProducts(const Napi::CallbackInfo& call) {
  const auto x = vectorArgument(call[1], "x");
  const std::vector<const double*> vectors = vectorsArgument(call[0], x.size());
  double* const onX = ofLength(call[2], vectors.size(), "onX");
  const double* const y = ofLengthOrNull(call[3], x.size(), "y");
  double* const onY = ofLengthOrNull(call[4], vectors.size(), "onY");
  if (call[3].IsNull() != call[4].IsNull()) {
    failArgument(call.Env(), "an array where y is one, else null,", "onY", describe(call[4]));
  }
  vectors::functions().products(vectors, x.size(), x.data(), onX, y, onY);
  return call.Env().Undefined();
}

// vectorCombine(vectors, factors, scale, x, onX | null); x is changed.
Napi::Value vectorCombine(const Napi::CallbackInfo& call) {
  const auto x = vectorArgument(call[3], "x");
  const std::vector<const double*> vectors = vectorsArgument(call[0], x.size());
  const double* const factors = ofLength(call[1], vectors.size(), "factors");
  if (!call[2].IsNumber()) failArgument(call.Env(), "a number", "scale", describe(call[2]));
  const double scale = call[2].As<Napi::Number>().DoubleValue();
  double* const onX = ofLengthOrNull(call[4], vectors.size(), "onX");
  vectors::functions().combine(vectors, factors, scale, x.size(), x.data(), onX);
  return call.Env().Undefined();
}

}  // namespace

void registerVectors(Napi::Env env, Napi::Object exports) {
  expose<vectorProducts>(env, exports, "vectorProducts");
  expose<vectorCombine>(env, exports, "vectorCombine");
}

}  // namespace nabla::addon
