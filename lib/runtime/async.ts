import { AbortError, NablaError } from './errors.js';
import { getNative, type NativeJob } from './native.js';
import { fromNative } from './native-error.js';
import { allocateOutputs, type BufferSpec, constructorOf, type DataArray, type ProgramHandle } from './program.js';
import { type RunEvent, runChannel } from './run.js';
import { release, stage } from './staging.js';

/** Options of a run off the event loop. */
export interface AsyncOptions {
  /** Aborting it ends the run within milliseconds and rejects the promise with an {@link AbortError}. */
  signal?: AbortSignal;
  /** Called with a share from 0 to 1, at most every 50 ms, while the run is under way, and with 1 at its end. */
  onProgress?: (share: number) => void;
  /** At most so many threads; 0 or none for the default. The result does not depend on it, to the bit. */
  threads?: number;
  /**
   * Take the memory of these inputs over instead of copying it: afterwards the caller's arrays are detached (length 0).
   * What cannot be taken over (a view of a SharedArrayBuffer, or of a part of its buffer) is copied all the same.
   */
  transfer?: readonly DataArray[];
}

const progressMilliseconds = 50;

/**
 * Runs a program on native threads of nabla's own (not libuv's pool); the event loop stays free. Inputs are copied before this
 * function returns, so the caller may change them at once.
 *
 * @returns a promise of the outputs. It rejects with ERR_NABLA_ARGUMENT, ERR_NABLA_DETACHED, ERR_NABLA_RESIZABLE,
 * ERR_NABLA_OUT_OF_MEMORY, or an {@link AbortError}; the stack is the caller's.
 */
export function runProgramAsync(
  program: ProgramHandle,
  inputs: readonly DataArray[],
  options: AsyncOptions = {},
): Promise<DataArray[]> {
  // Taken now: when the result arrives, the caller is no longer on the stack.
  const caller: { stack?: string } = {};
  Error.captureStackTrace(caller, runProgramAsync);
  const { signal, onProgress, threads = 0, transfer = [] } = options;
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    let job: NativeJob | undefined;
    let timer: NodeJS.Timeout | undefined;
    let settled = false;

    const settle = (failure: unknown, outputs: DataArray[]): void => {
      if (settled) return;
      settled = true;
      clearInterval(timer);
      signal?.removeEventListener('abort', abort);
      if (runChannel.hasSubscribers) {
        const milliseconds = performance.now() - begin;
        const event: RunEvent = { samples: program.samples, threads, milliseconds, async: true, error: failure };
        runChannel.publish(event);
      }
      if (failure === undefined) resolve(outputs);
      else reject(withStack(failure, caller.stack));
    };
    const fail = (error: unknown): void => settle(fromNative(error), []);
    const abort = (): void => {
      if (job !== undefined) getNative().abort(job);
    };
    const report = (share: number): void => {
      try {
        onProgress?.(share);
      } catch (thrown) {
        // The run is of no use any more: its caller is going to be told of this error.
        abort();
        fail(thrown);
      }
    };

    try {
      if (signal?.aborted) throw new AbortError(signal.reason);
      const native = getNative();
      const outputs = allocateOutputs(program);
      const copies: DataArray[] = [];
      job = native.runAsync(program.native, own(program, inputs, transfer, copies), outputs, threads, (error) => {
        release(copies);
        // An abort that came too late to stop the run is an abort all the same: the caller has moved on.
        if (signal?.aborted) return fail(new AbortError(signal.reason));
        if (error !== null) return fail(error);
        report(1);
        settle(undefined, outputs);
      });
      signal?.addEventListener('abort', abort, { once: true });
      if (onProgress !== undefined && program.samples > 0) {
        const running = job;
        timer = setInterval(() => report(native.progress(running) / program.samples), progressMilliseconds);
      }
    } catch (error) {
      fail(error);
    }
  });
}

/** The inputs in memory that nobody else can reach; those that were copied are added to `copies`. What does not fit the program is left for the native core to refuse. */
function own(
  program: ProgramHandle,
  inputs: readonly DataArray[],
  transfer: readonly DataArray[],
  copies: DataArray[],
): readonly DataArray[] {
  // First of all, so that nothing is taken from a caller whose call then fails.
  const fits = (input: DataArray, i: number): boolean =>
    input instanceof constructorOf(program.inputs[i] as BufferSpec) && input.length === program.inputs[i]?.length;
  if (!Array.isArray(inputs) || inputs.length !== program.inputs.length || !inputs.every(fits)) return inputs;
  inputs.forEach(refuseResizable);
  return inputs.map((input, i) => {
    if (transfer.includes(input)) {
      const taken = takeOver(input);
      if (taken !== undefined) return taken;
    }
    const copy = stage(program.inputs[i] as BufferSpec, input);
    copies.push(copy);
    return copy;
  });
}

function refuseResizable(input: DataArray, index: number): void {
  // Undefined before Node 20, where there are no such buffers.
  if (!(input.buffer as { resizable?: boolean }).resizable) return;
  throw new NablaError(
    'ERR_NABLA_RESIZABLE',
    `inputs[${index}] is a view of a resizable ArrayBuffer, which may shrink while it is being read: pass a copy (array.slice())`,
    { input: index },
  );
}

/** The array's memory moved to a new array, or undefined if it cannot be: it is shared, or pinned, or holds other data too. */
function takeOver(input: DataArray): DataArray | undefined {
  if (!(input.buffer instanceof ArrayBuffer) || input.byteLength !== input.buffer.byteLength) return undefined;
  try {
    return structuredClone(input, { transfer: [input.buffer] });
  } catch {
    return undefined;
  }
}

function withStack(error: unknown, stack: string | undefined): unknown {
  if (error instanceof NablaError && stack !== undefined) {
    error.stack = `${error.name}: ${error.message}${stack.slice(stack.indexOf('\n    at '))}`;
  }
  return error;
}
