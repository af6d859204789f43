// createProgram(words), programInfo(handle), run(handle, inputs, outputs, threads), runArguments(...),
// runAsync(...), counters().
#include <algorithm>
#include <span>

#include "addon/arguments.h"
#include "addon/async_runner.h"
#include "addon/environment.h"
#include "addon/errors.h"
#include "addon/handle.h"
#include "addon/program_handle.h"
#include "addon/watched_run.h"

namespace nabla::addon {
namespace {

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
  Status status;
  std::unique_ptr<const Executor> executor = Executor::create(std::move(program), status);
  check(env, status);
  Environment& environment = Environment::of(env);
  ++environment.programsCreated;
  return makeHandle(env,
                    std::make_unique<ProgramHandle>(env, std::move(executor), environment.programsAlive));
}

const ProgramHandle& programArgument(const Napi::Value& value) {
  const auto* handle = fromHandle<ProgramHandle>(value);
  if (handle == nullptr)
    failArgument(value.Env(), "a handle made by createProgram()", "program", describe(value));
  return *handle;
}

// The elements of a call's lists. Reading one may run a getter of the caller's, which may detach a buffer or
// call back into this addon: so all are read first, and the memory is looked at when no JavaScript can run
// any more.
void readLists(const Napi::CallbackInfo& call, const Program& program, CallArrays& arrays) {
  const Napi::Array inputs = arrayArgument(call[1], "inputs", program.inputs.size());
  const Napi::Array outputs = arrayArgument(call[2], "outputs", program.outputs.size());
  arrays.values.clear();
  for (uint32_t i = 0; i < program.inputs.size(); ++i) arrays.values.push_back(inputs.Get(i));
  for (uint32_t i = 0; i < program.outputs.size(); ++i) arrays.values.push_back(outputs.Get(i));
}

// The views of a call's inputs and outputs.
void collect(const Napi::CallbackInfo& call, const Program& program, Use use, CallArrays& arrays) {
  if (use == Use::kAfterCall) {
    for (uint32_t i = 0; i < program.inputs.size(); ++i)
      refuseResizable(call.Env(), arrays.values[i], "inputs", i);
    for (uint32_t i = 0; i < program.outputs.size(); ++i) {
      refuseResizable(call.Env(), arrays.values[program.inputs.size() + i], "outputs", i);
    }
  }
  arrays.inputs.clear();
  arrays.outputs.clear();
  for (uint32_t i = 0; i < program.inputs.size(); ++i) {
    arrays.inputs.push_back(arrayView(call.Env(), arrays.values[i], program.inputs[i], "inputs", i));
  }
  for (uint32_t i = 0; i < program.outputs.size(); ++i) {
    const napi_value value = arrays.values[program.inputs.size() + i];
    arrays.outputs.push_back(arrayView(call.Env(), value, program.outputs[i], "outputs", i));
  }
}

// A run in a worker thread that takes longer than some milliseconds is watched, see watched_run.h.
// The hand-over costs tens of microseconds; at 10^10 multiply-adds per second this is 5 ms.
constexpr double kWatchedWork = 5e7;

constexpr int64_t kMaxThreads = 1024;

void runNow(const Napi::CallbackInfo& call, const ProgramHandle& handle, int threads, CallArrays arrays) {
  const Napi::Env env = call.Env();
  Environment& environment = Environment::of(env);
  const std::shared_ptr<const Executor>& executor = handle.executor;
  collect(call, executor->program(), Use::kDuringCall, arrays);
  const RunOptions options{.threads = threads, .control = nullptr, .pool = environment.pool().get()};
  const bool watched = environment.isWorker && handle.work > kWatchedWork;
  const Status status = watched ? runWatched(env, *executor, arrays.inputs, arrays.outputs, options)
                                : executor->run(arrays.inputs, arrays.outputs, options);
  environment.arrays = std::move(arrays);
  check(env, status);
}

// run(handle, inputs, outputs, threads)
Napi::Value run(const Napi::CallbackInfo& call) {
  const ProgramHandle& handle = programArgument(call[0]);
  const int threads = static_cast<int>(integerArgument(call[3], "threads", 0, kMaxThreads));
  Environment& environment = Environment::of(call.Env());
  ++environment.runs;
  // Taken, not referred to: a getter may get here again.
  CallArrays arrays = std::move(environment.arrays);
  readLists(call, handle.executor->program(), arrays);
  runNow(call, handle, threads, std::move(arrays));
  return call.Env().Undefined();
}

// runArguments(handle, threads, ...inputs, ...outputs): the same for few arrays. An argument is there; an
// element of a list has to be asked for, 0.2 microseconds each.
Napi::Value runArguments(const Napi::CallbackInfo& call) {
  const ProgramHandle& handle = programArgument(call[0]);
  const int threads = static_cast<int>(integerArgument(call[1], "threads", 0, kMaxThreads));
  const Program& program = handle.executor->program();
  const size_t expected = program.inputs.size() + program.outputs.size();
  constexpr size_t kFirst = 2;
  if (call.Length() != kFirst + expected) {
    failArgument(call.Env(), std::to_string(expected) + " arrays", "inputs and outputs",
                 std::to_string(call.Length() - std::min(call.Length(), kFirst)));
  }
  Environment& environment = Environment::of(call.Env());
  ++environment.runs;
  CallArrays arrays = std::move(environment.arrays);
  arrays.values.clear();
  for (size_t i = 0; i < expected; ++i) arrays.values.push_back(call[kFirst + i]);
  runNow(call, handle, threads, std::move(arrays));
  return call.Env().Undefined();
}

struct JobHandle {
  static constexpr napi_type_tag kTag = {0x6e61626c612d6a6f, 0x622d2d2d2d2d3031};
  std::shared_ptr<Job> job;
};

const std::shared_ptr<Job>& jobArgument(const Napi::Value& value) {
  const auto* handle = fromHandle<JobHandle>(value);
  if (handle == nullptr) failArgument(value.Env(), "a handle made by runAsync()", "job", describe(value));
  return handle->job;
}

// runAsync(handle, inputs, outputs, threads, callback) -> job. The arrays must be nobody else's until
// callback(error) is called: lib/runtime copies what is the caller's.
Napi::Value runAsync(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  auto job = std::make_shared<Job>();
  job->executor = programArgument(call[0]).executor;
  job->threads = static_cast<int>(integerArgument(call[3], "threads", 0, kMaxThreads));
  const Napi::Function callback = functionArgument(call[4], "callback");
  CallArrays arrays;
  readLists(call, job->executor->program(), arrays);
  collect(call, job->executor->program(), Use::kAfterCall, arrays);
  job->inputs = std::move(arrays.inputs);
  job->outputs = std::move(arrays.outputs);
  // A list of our own holds every array: the caller's lists may be changed later.
  Napi::Array held = Napi::Array::New(env, arrays.values.size());
  for (uint32_t i = 0; i < arrays.values.size(); ++i) held.Set(i, arrays.values[i]);
  job->arrays = Napi::Persistent(static_cast<Napi::Object>(held));
  job->callback = Napi::Persistent(callback);
  Environment& environment = Environment::of(env);
  ++environment.runs;
  const Napi::Object handle = makeHandle(env, std::make_unique<JobHandle>(job));
  environment.async(env).submit(std::move(job));
  return handle;
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

ProgramHandle::ProgramHandle(Napi::Env env, std::unique_ptr<const Executor> made,
                             std::shared_ptr<int64_t> alive)
    : executor(std::move(made)),
      bytes(static_cast<int64_t>(executor->memoryBytes())),
      work(workOf(executor->program())),
      env_(env),
      alive_(std::move(alive)) {
  ++*alive_;
  Napi::MemoryManagement::AdjustExternalMemory(env, bytes);
}

ProgramHandle::~ProgramHandle() {
  --*alive_;
  Napi::MemoryManagement::AdjustExternalMemory(env_, -bytes);
}

void registerProgram(Napi::Env env, Napi::Object exports) {
  expose<createProgram>(env, exports, "createProgram");
  expose<programInfo>(env, exports, "programInfo");
  expose<run>(env, exports, "run");
  expose<runArguments>(env, exports, "runArguments");
  expose<runAsync>(env, exports, "runAsync");
  expose<progress>(env, exports, "progress");
  expose<abort>(env, exports, "abort");
  expose<markWorker>(env, exports, "markWorker");
  expose<counters>(env, exports, "counters");
}

}  // namespace nabla::addon
