// Native objects as JavaScript handles: plain objects that wrap a pointer and carry a type tag, since
// napi_unwrap does not check what it unwraps. (Not Externals: `Object.create(external)` ends the process on
// Node 24.)
#pragma once

#include <memory>

#include "addon/errors.h"

namespace nabla::addon {

// T has `static constexpr napi_type_tag kTag` and is destroyed when its handle is collected, on the
// environment's thread.
template <class T>
Napi::Object makeHandle(Napi::Env env, std::unique_ptr<T> owned) {
  Napi::Object handle = Napi::Object::New(env);
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<T*>(data); };
  if (napi_type_tag_object(env, handle, &T::kTag) != napi_ok ||
      napi_wrap(env, handle, owned.get(), finalize, nullptr, nullptr) != napi_ok) {
    throw Napi::Error::New(env);
  }
  static_cast<void>(owned.release());
  return handle;
}

// The object behind a handle, or null if `value` is anything else.
template <class T>
T* fromHandle(const Napi::Value& value) {
  bool tagged = false;
  void* data = nullptr;
  if (!value.IsObject() || napi_check_object_type_tag(value.Env(), value, &T::kTag, &tagged) != napi_ok ||
      !tagged || napi_unwrap(value.Env(), value, &data) != napi_ok) {
    return nullptr;
  }
  return static_cast<T*>(data);
}

}  // namespace nabla::addon
