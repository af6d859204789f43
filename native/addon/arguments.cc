#include "addon/arguments.h"

#include <cmath>
#include <optional>

#include "addon/errors.h"

namespace nabla::addon {
namespace {

const char* typedArrayName(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
      return "an Int8Array";
    case napi_uint8_array:
      return "a Uint8Array";
    case napi_uint8_clamped_array:
      return "a Uint8ClampedArray";
    case napi_int16_array:
      return "an Int16Array";
    case napi_uint16_array:
      return "a Uint16Array";
    case napi_int32_array:
      return "an Int32Array";
    case napi_uint32_array:
      return "a Uint32Array";
    case napi_float32_array:
      return "a Float32Array";
    case napi_float64_array:
      return "a Float64Array";
    case napi_bigint64_array:
      return "a BigInt64Array";
    case napi_biguint64_array:
      return "a BigUint64Array";
    default:
      return "a typed array";
  }
}

napi_typedarray_type typedArrayType(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return napi_float32_array;
    case DType::kF64:
      return napi_float64_array;
    case DType::kI32:
      return napi_int32_array;
    case DType::kU32:
      return napi_uint32_array;
    case DType::kU8:
      return napi_uint8_array;
  }
  return napi_uint8_array;
}

// The views of a SharedArrayBuffer have a buffer that is not an ArrayBuffer: it can be neither detached nor
// shrunk.
std::optional<Napi::ArrayBuffer> privateBuffer(const Napi::Value& typedArray) {
  napi_value buffer = nullptr;
  if (napi_get_typedarray_info(typedArray.Env(), typedArray, nullptr, nullptr, nullptr, &buffer, nullptr) !=
      napi_ok) {
    return std::nullopt;
  }
  const Napi::Value value(typedArray.Env(), buffer);
  if (!value.IsArrayBuffer()) return std::nullopt;
  return value.As<Napi::ArrayBuffer>();
}

std::string element(const char* what, uint32_t index) {
  return std::string(what) + '[' + std::to_string(index) + ']';
}

}  // namespace

std::string describe(const Napi::Value& value) {
  if (value.IsEmpty() || value.IsUndefined()) return "undefined";
  if (value.IsNull()) return "null";
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value() ? "true" : "false";
  if (value.IsNumber()) return value.ToString().Utf8Value();
  if (value.IsString()) return "a string";
  if (value.IsBigInt()) return "a bigint";
  if (value.IsSymbol()) return "a symbol";
  if (value.IsFunction()) return "a function";
  if (value.IsArray()) return "an array of length " + std::to_string(value.As<Napi::Array>().Length());
  if (value.IsTypedArray()) {
    napi_typedarray_type type;
    size_t length = 0;
    if (napi_get_typedarray_info(value.Env(), value, &type, &length, nullptr, nullptr, nullptr) == napi_ok) {
      return std::string(typedArrayName(type)) + " of length " + std::to_string(length);
    }
  }
  if (value.IsExternal()) return "a native handle";
  return "an object";
}

std::string describe(const ArraySpec& spec) {
  return std::string(typedArrayName(typedArrayType(spec.dtype))) + " of length " +
         std::to_string(spec.length);
}

int64_t integerArgument(const Napi::Value& value, const char* what, int64_t low, int64_t high) {
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (number == std::floor(number) && number >= static_cast<double>(low) &&
        number <= static_cast<double>(high)) {
      return static_cast<int64_t>(number);
    }
  }
  failArgument(value.Env(), "an integer from " + std::to_string(low) + " to " + std::to_string(high), what,
               describe(value));
}

Napi::Array arrayArgument(const Napi::Value& value, const char* what, size_t length) {
  if (!value.IsArray() || value.As<Napi::Array>().Length() != length) {
    failArgument(value.Env(), "an array of length " + std::to_string(length), what, describe(value));
  }
  return value.As<Napi::Array>();
}

Napi::Function functionArgument(const Napi::Value& value, const char* what) {
  if (!value.IsFunction()) failArgument(value.Env(), "a function", what, describe(value));
  return value.As<Napi::Function>();
}

ArrayView arrayView(Napi::Env env, napi_value value, const ArraySpec& spec, const char* what,
                    uint32_t index) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  // Asks whether it is a typed array and for its parts in one call: this runs for every array of every call.
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok) {
    failArgument(env, describe(spec), element(what, index), describe(Napi::Value(env, value)));
  }
  if (type != typedArrayType(spec.dtype) || length != static_cast<size_t>(spec.length)) {
    // A detached array has length 0; say what happened rather than what it looks like.
    const auto buffer = privateBuffer(Napi::Value(env, value));
    if (buffer && buffer->IsDetached()) {
      fail(env, "ERR_NABLA_DETACHED",
           "the buffer of " + element(what, index) +
               " is detached: it was transferred away, and its data with it");
    }
    failArgument(env, describe(spec), element(what, index), describe(Napi::Value(env, value)));
  }
  if (length > 0 && data == nullptr)
    failArgument(env, describe(spec), element(what, index), "an array without memory");
  return {data, spec.dtype, spec.length};
}

void refuseResizable(Napi::Env env, napi_value value, const char* what, uint32_t index) {
  const auto buffer = privateBuffer(Napi::Value(env, value));
  if (buffer && buffer->Get("resizable").ToBoolean().Value()) {
    fail(env, "ERR_NABLA_RESIZABLE",
         element(what, index) +
             " is a view of a resizable ArrayBuffer, which may shrink while it is being read: "
             "pass a copy (array.slice())");
  }
}

}  // namespace nabla::addon
