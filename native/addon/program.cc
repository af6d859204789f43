// createProgram(words), programInfo(handle), run(handle, inputs, outputs, threads), counters().
#include <span>

#include "addon/arguments.h"
#include "addon/async_runner.h"
#include "addon/environment.h"
#include "addon/errors.h"
#include "addon/program_handle.h"

namespace nabla::addon {
namespace {

constexpr napi_type_tag kProgramTag = {0x6e61626c612d7072, 0x6f6772616d2d3031};

// Multiply-adds, roughly: enough to tell milliseconds from seconds.
double workOf(const Program& program) {
  double work = 0;
  for (const Loop& loop : program.loops) {
    double perSample = 0;
    for (const Instruction& instruction : loop.instructions) {
      double count = 1;
      for (int r = 0; r < instruction.rank; ++r)
        count *= static_cast<double>(instruction.dims[static_cast<size_t>(r)]);
      for (const int64_t size : {instruction.I, instruction.J, instruction.K, instruction.C}) {
        if (size > 0) count *= static_cast<double>(size);
      }
      perSample += count;
    }
    work += perSample * static_cast<double>(loop.N);
  }
  return work;
}

Napi::Value createProgram(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, call[0], &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_float64_array) {
    failArgument(env, "a Float64Array", "words", describe(call[0]));
  }
  Program program;
  check(env, decode(std::span(static_cast<const double*>(data), length), program));
  auto handle = std::make_unique<ProgramHandle>();
  handle->work = workOf(program);
  Status status;
  handle->executor = Executor::create(std::move(program), status);
  check(env, status);

  // The garbage collector sees a handle of a few words; without this a loop that makes and drops programs
  // would not make it collect.
  handle->bytes = static_cast<int64_t>(handle->executor->memoryBytes());
  Environment& environment = Environment::of(env);
  ++environment.programsCreated;
  handle->alive = environment.programsAlive;
  ++*handle->alive;
  Napi::MemoryManagement::AdjustExternalMemory(env, handle->bytes);
  auto finalize = [](Napi::Env finalEnv, ProgramHandle* dead) {
    Napi::MemoryManagement::AdjustExternalMemory(finalEnv, -dead->bytes);
    --*dead->alive;
    delete dead;
  };
  auto external = Napi::External<ProgramHandle>::New(env, handle.get(), finalize);
  handle.release();
  external.TypeTag(&kProgramTag);
  return external;
}

void collect(const Napi::Array& values, const std::vector<ArraySpec>& specs, const char* what, Use use,
             std::vector<ArrayView>& views) {
  views.resize(specs.size());
  for (uint32_t i = 0; i < specs.size(); ++i) views[i] = arrayView(values.Get(i), specs[i], what, i, use);
}

// A run in a worker thread that takes longer than some milliseconds is watched, see AsyncRunner::runWatched.
// The hand-over costs tens of microseconds; at 10^10 multiply-adds per second this is 5 ms.
constexpr double kWatchedWork = 5e7;

constexpr int64_t kMaxThreads = 1024;

Napi::Value run(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  const ProgramHandle& handle = programArgument(call[0]);
  // Held here: the call into the executor must not depend on the handle staying reachable.
  const std::shared_ptr<const Executor> executor = handle.executor;
  const Program& program = executor->program();
  const Napi::Array inputs = arrayArgument(call[1], "inputs", program.inputs.size());
  const Napi::Array outputs = arrayArgument(call[2], "outputs", program.outputs.size());
  const int threads = static_cast<int>(integerArgument(call[3], "threads", 0, kMaxThreads));
  Environment& environment = Environment::of(env);
  ++environment.runs;
  // Nobody can detach or shrink a buffer before this call has returned.
  collect(inputs, program.inputs, "inputs", Use::kDuringCall, environment.inputs);
  collect(outputs, program.outputs, "outputs", Use::kDuringCall, environment.outputs);
  if (environment.isWorker && handle.work > kWatchedWork) {
    auto job = std::make_shared<Job>();
    job->executor = executor;
    job->inputs = environment.inputs;
    job->outputs = environment.outputs;
    job->threads = threads;
    environment.async(env).runWatched(job);
    check(env, job->status);
  } else {
    check(env, executor->run(environment.inputs, environment.outputs,
                             {.threads = threads, .control = nullptr, .pool = environment.pool().get()}));
  }
  return env.Undefined();
}

constexpr napi_type_tag kJobTag = {0x6e61626c612d6a6f, 0x622d2d2d2d2d3031};
using JobHandle = std::shared_ptr<Job>;

const JobHandle& jobArgument(const Napi::Value& value) {
  if (!value.IsExternal() || !value.As<Napi::External<JobHandle>>().CheckTypeTag(&kJobTag)) {
    failArgument(value.Env(), "a handle made by runAsync()", "job", describe(value));
  }
  return *value.As<Napi::External<JobHandle>>().Data();
}

// runAsync(handle, inputs, outputs, threads, callback) -> job. The arrays must be nobody else's until
// callback(error) is called: lib/runtime copies what is the caller's.
Napi::Value runAsync(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  auto job = std::make_shared<Job>();
  job->executor = programArgument(call[0]).executor;
  const Program& program = job->executor->program();
  const Napi::Array inputs = arrayArgument(call[1], "inputs", program.inputs.size());
  const Napi::Array outputs = arrayArgument(call[2], "outputs", program.outputs.size());
  job->threads = static_cast<int>(integerArgument(call[3], "threads", 0, kMaxThreads));
  const Napi::Function callback = functionArgument(call[4], "callback");
  collect(inputs, program.inputs, "inputs", Use::kAfterCall, job->inputs);
  collect(outputs, program.outputs, "outputs", Use::kAfterCall, job->outputs);
  // One list of our own holds every array: the caller's lists may be changed later.
  Napi::Array arrays = Napi::Array::New(env, program.inputs.size() + program.outputs.size());
  uint32_t next = 0;
  for (uint32_t i = 0; i < program.inputs.size(); ++i) arrays.Set(next++, inputs.Get(i));
  for (uint32_t i = 0; i < program.outputs.size(); ++i) arrays.Set(next++, outputs.Get(i));
  job->arrays = Napi::Persistent(static_cast<Napi::Object>(arrays));
  job->callback = Napi::Persistent(callback);
  Environment& environment = Environment::of(env);
  ++environment.runs;
  auto handle = std::make_unique<JobHandle>(job);
  auto external =
      Napi::External<JobHandle>::New(env, handle.get(), [](Napi::Env, JobHandle* dead) { delete dead; });
  handle.release();
  external.TypeTag(&kJobTag);
  environment.async(env).submit(std::move(job));
  return external;
}

// Samples done so far, of programInfo().samples.
Napi::Value progress(const Napi::CallbackInfo& call) {
  return Napi::Number::New(call.Env(), static_cast<double>(jobArgument(call[0])->control.done.load()));
}

Napi::Value abort(const Napi::CallbackInfo& call) {
  Environment::of(call.Env()).async(call.Env()).abort(jobArgument(call[0]));
  return call.Env().Undefined();
}

// Says that this environment is a worker thread's. lib/runtime calls it once.
Napi::Value markWorker(const Napi::CallbackInfo& call) {
  Environment::of(call.Env()).isWorker = true;
  return call.Env().Undefined();
}

Napi::Value programInfo(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  const ProgramHandle& handle = programArgument(call[0]);
  Napi::Object result = Napi::Object::New(env);
  result["samples"] = Napi::Number::New(env, static_cast<double>(handle.executor->samples()));
  result["bytes"] = Napi::Number::New(env, static_cast<double>(handle.bytes));
  return result;
}

Napi::Value counters(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  const Environment& environment = Environment::of(env);
  Napi::Object result = Napi::Object::New(env);
  result["programsCreated"] = Napi::Number::New(env, static_cast<double>(environment.programsCreated));
  result["programsAlive"] = Napi::Number::New(env, static_cast<double>(*environment.programsAlive));
  result["runs"] = Napi::Number::New(env, static_cast<double>(environment.runs));
  return result;
}

}  // namespace

const ProgramHandle& programArgument(const Napi::Value& value) {
  if (!value.IsExternal() || !value.As<Napi::External<ProgramHandle>>().CheckTypeTag(&kProgramTag)) {
    failArgument(value.Env(), "a handle made by createProgram()", "program", describe(value));
  }
  return *value.As<Napi::External<ProgramHandle>>().Data();
}

void registerProgram(Napi::Env env, Napi::Object exports) {
  expose<createProgram>(env, exports, "createProgram");
  expose<programInfo>(env, exports, "programInfo");
  expose<run>(env, exports, "run");
  expose<runAsync>(env, exports, "runAsync");
  expose<progress>(env, exports, "progress");
  expose<abort>(env, exports, "abort");
  expose<markWorker>(env, exports, "markWorker");
  expose<counters>(env, exports, "counters");
}

}  // namespace nabla::addon
