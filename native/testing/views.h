// Typed arrays as the executor takes them. Nothing is checked: tests and benchmarks hand over what fits.
#pragma once

#include <vector>

#include "addon/addon.h"
#include "exec/executor.h"

namespace nabla::testing {

inline std::vector<ArrayView> views(const Napi::Array& arrays) {
  std::vector<ArrayView> result(arrays.Length());
  for (uint32_t i = 0; i < result.size(); ++i) {
    const auto array = static_cast<Napi::Value>(arrays[i]).As<Napi::TypedArray>();
    ArrayView& view = result[i];
    view.data = static_cast<std::byte*>(array.ArrayBuffer().Data()) + array.ByteOffset();
    view.length = static_cast<int64_t>(array.ElementLength());
    switch (array.TypedArrayType()) {
      case napi_float32_array:
        view.dtype = DType::kF32;
        break;
      case napi_float64_array:
        view.dtype = DType::kF64;
        break;
      case napi_int32_array:
        view.dtype = DType::kI32;
        break;
      case napi_uint32_array:
        view.dtype = DType::kU32;
        break;
      default:
        view.dtype = DType::kU8;
    }
  }
  return result;
}

}  // namespace nabla::testing
