// isas(), runProgram(words, inputs, outputs, isa, threads, limits): a program on an instruction set of one's
// choice, which the library fixes once per process. limits = {scratchBytes, nanoseconds}; a program that
// would take longer is decoded and made ready but not run, and false is returned.
#include <span>

#include "addon/errors.h"
#include "exec/executor.h"
#include "exec/thread_pool.h"
#include "kernels/table.h"
#include "testing/testing.h"
#include "testing/views.h"

namespace nabla::testing {
namespace {

Napi::Value isas(const Napi::CallbackInfo& call) {
  const auto tables = supportedTables();
  Napi::Array names = Napi::Array::New(call.Env(), tables.size());
  for (uint32_t i = 0; i < tables.size(); ++i) names[i] = Napi::String::New(call.Env(), tables[i]->isa);
  return names;
}

Napi::Value runProgram(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  const auto words = call[0].As<Napi::Float64Array>();
  const std::vector<ArrayView> inputs = views(call[1].As<Napi::Array>());
  const std::vector<ArrayView> outputs = views(call[2].As<Napi::Array>());
  const KernelTable* table = findTable(call[3].As<Napi::String>().Utf8Value());
  if (table == nullptr) addon::fail(env, "ERR_NABLA_OPTION", "no such instruction set here");
  const auto bounds = call[5].As<Napi::Object>();
  DecodeLimits limits;
  limits.maxScratchBytes = bounds.Get("scratchBytes").As<Napi::Number>().Int64Value();
  Program program;
  addon::check(env, decode(std::span(words.Data(), words.ElementLength()), program, limits));
  Status status;
  const auto executor = Executor::create(std::move(program), status, table);
  addon::check(env, status);
  if (executor->nanoseconds() > bounds.Get("nanoseconds").As<Napi::Number>().DoubleValue()) {
    return Napi::Boolean::New(env, false);
  }
  const auto pool = ThreadPool::shared();
  addon::check(
      env, executor->run(
               inputs, outputs,
               {.threads = call[4].As<Napi::Number>().Int32Value(), .control = nullptr, .pool = pool.get()}));
  return Napi::Boolean::New(env, true);
}

}  // namespace

void registerPrograms(Napi::Env env, Napi::Object exports) {
  addon::expose<isas>(env, exports, "isas");
  addon::expose<runProgram>(env, exports, "runProgram");
}

}  // namespace nabla::testing
