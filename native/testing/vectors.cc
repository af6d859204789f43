// vectorProductsPortably and vectorCombinePortably take what vectorProducts and vectorCombine of nabla.node
// take, and run the code for any machine. Nothing is checked: the tests hand in what fits.
#include "vectors/vectors.h"

#include <cstdint>
#include <vector>

#include "testing/testing.h"

namespace nabla::testing {
namespace {

double* data(const Napi::Value& value) {
  return value.IsNull() ? nullptr : value.As<Napi::Float64Array>().Data();
}

std::vector<const double*> many(const Napi::Value& value) {
  const auto list = value.As<Napi::Array>();
  std::vector<const double*> vectors(list.Length());
  for (uint32_t k = 0; k < vectors.size(); ++k) vectors[k] = data(list[k]);
  return vectors;
}

Napi::Value products(const Napi::CallbackInfo& call) {
  vectors::portableFunctions().products(many(call[0]), call[1].As<Napi::Float64Array>().ElementLength(),
                                        data(call[1]), data(call[2]), data(call[3]), data(call[4]));
  return call.Env().Undefined();
}

Napi::Value combine(const Napi::CallbackInfo& call) {
  vectors::portableFunctions().combine(many(call[0]), data(call[1]), call[2].As<Napi::Number>().DoubleValue(),
                                       call[3].As<Napi::Float64Array>().ElementLength(), data(call[3]),
                                       data(call[4]));
  return call.Env().Undefined();
}

}  // namespace

void registerVectors(Napi::Env env, Napi::Object exports) {
  exports["vectorProductsPortably"] = Napi::Function::New<products>(env, "vectorProductsPortably");
  exports["vectorCombinePortably"] = Napi::Function::New<combine>(env, "vectorCombinePortably");
}

}  // namespace nabla::testing
