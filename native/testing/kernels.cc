// runKernel(isa, dtype, kernel, args) calls one kernel of one instruction set on typed arrays; `args` has the
// fields of the kernel's argument struct, pointers as {data, offset} or missing. Nothing is checked: the
// tests hand in what fits. ulpSweep(isa, dtype, op, first, count, stride) measures an elementwise function
// (see ulp.h).
#include <string>

#include "kernels/table.h"
#include "testing/testing.h"
#include "testing/ulp.h"

namespace nabla::testing {
namespace {

class Fields {
 public:
  explicit Fields(const Napi::Object& object) : object_(object) {}

  int64_t integer(const char* name) const {
    const Napi::Value value = object_.Get(name);
    return value.IsNumber() ? value.As<Napi::Number>().Int64Value() : 0;
  }
  bool flag(const char* name) const { return object_.Get(name).ToBoolean(); }
  template <class T>
  T* pointer(const char* name) const {
    return pointerOf<T>(object_.Get(name));
  }
  template <class T>
  static T* pointerOf(const Napi::Value& value) {
    if (!value.IsObject()) return nullptr;
    const Napi::Object at = value.As<Napi::Object>();
    const auto array = at.Get("data").As<Napi::TypedArray>();
    auto* first = static_cast<char*>(array.ArrayBuffer().Data()) + array.ByteOffset();
    const int64_t offset = at.Get("offset").As<Napi::Number>().Int64Value();
    return reinterpret_cast<T*>(first + offset * static_cast<int64_t>(array.ElementSize()));
  }
  Napi::Value get(const char* name) const { return object_.Get(name); }

 private:
  Napi::Object object_;
};

template <class T>
bool call(const Kernels<T>& kernels, const std::string& kernel, const Fields& f) {
  const auto in = [&f](const char* name) { return f.pointer<const T>(name); };
  const auto out = [&f](const char* name) { return f.pointer<T>(name); };
  if (kernel == "elementwise") {
    ElementwiseArgs<T> a{};
    a.rows = f.integer("rows");
    a.n = f.integer("n");
    a.out = out("out");
    a.outRow = f.integer("outRow");
    const auto inputs = f.get("in").As<Napi::Array>();
    for (uint32_t p = 0; p < inputs.Length() && p < 3; p++) {
      const Fields input(static_cast<Napi::Value>(inputs[p]).As<Napi::Object>());
      a.in[p] = input.pointer<const T>("at");
      a.inRow[p] = input.integer("row");
      a.inScalar[p] = input.flag("scalar");
    }
    const auto function = kernels.elementwise[f.integer("op")];
    if (function == nullptr) return false;
    function(a);
  } else if (kernel == "dense" || kernel == "denseFlat") {
    const DenseArgs<T> a{f.integer("J"),
                         f.integer("K"),
                         f.integer("C"),
                         f.integer("B"),
                         out("out"),
                         f.integer("outJ"),
                         f.integer("outC"),
                         in("W"),
                         f.integer("wK"),
                         f.integer("wJ"),
                         in("x"),
                         f.integer("xK"),
                         f.integer("xC"),
                         in("bias"),
                         f.integer("biasJ"),
                         f.integer("biasColumns"),
                         in("scale"),
                         f.integer("scaleJ"),
                         f.integer("scaleC"),
                         out("plain"),
                         f.integer("plainJ"),
                         f.integer("plainC"),
                         f.flag("accumulate"),
                         out("packed")};
    (kernel == "dense" ? kernels.dense : kernels.denseFlat)(a);
  } else if (kernel == "denseGram") {
    kernels.denseGram({f.integer("J"),
                       f.integer("K"),
                       f.integer("C"),
                       f.integer("B"),
                       out("gram"),
                       f.integer("gramI"),
                       f.integer("gramJ"),
                       in("W"),
                       f.integer("wK"),
                       f.integer("wJ"),
                       in("x"),
                       f.integer("xK"),
                       f.integer("xC"),
                       in("weight"),
                       f.integer("weightJ"),
                       in("weight2"),
                       f.integer("weight2J"),
                       in("scale"),
                       f.integer("scaleJ"),
                       out("out"),
                       f.integer("outJ"),
                       f.integer("outC"),
                       T(-2),
                       f.flag("accumulate"),
                       out("packed")});
  } else if (kernel == "contract" || kernel == "contractFlat") {
    const ContractArgs<T> a{f.integer("I"),
                            f.integer("J"),
                            f.integer("K"),
                            f.integer("B"),
                            out("out"),
                            f.integer("outI"),
                            f.integer("outJ"),
                            in("a"),
                            f.integer("aI"),
                            f.integer("aK"),
                            in("b"),
                            f.integer("bJ"),
                            f.integer("bK"),
                            in("w"),
                            f.integer("wK"),
                            f.flag("aUniform"),
                            f.flag("bUniform"),
                            f.flag("wUniform"),
                            f.flag("accumulate"),
                            f.flag("symmetric")};
    (kernel == "contract" ? kernels.contract : kernels.contractFlat)(a);
  } else if (kernel == "laneSum") {
    kernels.laneSum({f.integer("rows"), f.integer("lanes"), out("acc"), f.integer("accRow"), in("src"),
                     f.integer("srcRow"), f.flag("srcUniform")});
  } else if (kernel == "outerSum") {
    OuterSumArgs<T> a{};
    a.I = f.integer("I");
    a.J = f.integer("J");
    a.R = f.integer("R");
    a.lanes = f.integer("lanes");
    a.acc = out("acc");
    a.accI = f.integer("accI");
    a.accJ = f.integer("accJ");
    const auto pairs = f.get("pairs").As<Napi::Array>();
    for (uint32_t p = 0; p < pairs.Length() && p < kOuterPairs; p++) {
      const Fields pair(static_cast<Napi::Value>(pairs[p]).As<Napi::Object>());
      a.pair[a.pairs++] = {pair.pointer<const T>("a"), pair.integer("aR"),   pair.integer("aI"),
                           pair.pointer<const T>("b"), pair.integer("bR"),   pair.integer("bJ"),
                           pair.flag("aUniform"),      pair.flag("bUniform")};
    }
    a.narrow = isNarrowOuter(a);
    kernels.outerSum(a);
  } else if (kernel == "reduceRows") {
    kernels.reduceRows(
        {f.integer("rows"), f.integer("n"), out("out"), in("in"), f.integer("inRow"), f.flag("accumulate")});
  } else if (kernel == "reduceLast") {
    kernels.reduceLast({f.integer("rows"), f.integer("n"), out("out"), f.integer("outRow"), in("in"),
                        f.integer("inRow"), f.integer("inStep"), f.flag("accumulate")});
  } else if (kernel == "gather") {
    kernels.gather[f.integer("type")]({f.integer("rows"), f.integer("lanes"), f.integer("B"), out("out"),
                                       f.integer("outRow"), f.pointer<const void>("src"), f.integer("srcRow"),
                                       f.integer("srcLane")});
  } else if (kernel == "scatter") {
    kernels.scatter[f.integer("type")]({f.integer("rows"), f.integer("lanes"), in("src"), f.integer("srcRow"),
                                        f.flag("srcUniform"), f.pointer<void>("dst"), f.integer("dstRow"),
                                        f.integer("dstLane")});
  } else if (kernel == "activation") {
    kernels.activation[f.integer("kind")]({f.integer("rows"), f.integer("n"), in("z"), f.integer("zRow"),
                                           out("value"), f.integer("valueRow"), out("slope"),
                                           f.integer("slopeRow")});
  } else {
    return false;
  }
  return true;
}

const KernelTable& tableOf(const Napi::CallbackInfo& info) {
  const KernelTable* table = findTable(info[0].As<Napi::String>().Utf8Value());
  if (table == nullptr) throw Napi::Error::New(info.Env(), "no such instruction set here");
  return *table;
}

Napi::Value runKernel(const Napi::CallbackInfo& info) {
  const KernelTable& table = tableOf(info);
  const bool single = info[1].As<Napi::String>().Utf8Value() == "float32";
  const std::string kernel = info[2].As<Napi::String>().Utf8Value();
  const Fields fields(info[3].As<Napi::Object>());
  const bool known = single ? call(table.f32, kernel, fields) : call(table.f64, kernel, fields);
  if (!known) throw Napi::Error::New(info.Env(), "no such kernel: " + kernel);
  return info.Env().Undefined();
}

Napi::Value ulpSweep(const Napi::CallbackInfo& info) {
  const KernelTable& table = tableOf(info);
  const bool single = info[1].As<Napi::String>().Utf8Value() == "float32";
  const int op = info[2].As<Napi::Number>().Int32Value();
  const auto number = [&info](std::size_t i) {
    return static_cast<uint64_t>(info[i].As<Napi::Number>().Int64Value());
  };
  const UlpReport report = single ? sweepFloat32(table.f32, op, number(3), number(4), number(5))
                                  : sweepFloat64(table.f64, op, number(3), number(4));
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("maxUlp", report.maxUlp);
  Napi::Array worst = Napi::Array::New(info.Env(), 2);
  worst[0u] = Napi::Number::New(info.Env(), report.worst[0]);
  worst[1u] = Napi::Number::New(info.Env(), report.worst[1]);
  result.Set("worst", worst);
  result.Set("count", static_cast<double>(report.count));
  return result;
}

}  // namespace

void registerKernels(Napi::Env env, Napi::Object exports) {
  exports.Set("runKernel", Napi::Function::New(env, runKernel, "runKernel"));
  exports.Set("ulpSweep", Napi::Function::New(env, ulpSweep, "ulpSweep"));
}

}  // namespace nabla::testing
