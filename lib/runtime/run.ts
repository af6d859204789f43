import { channel } from 'node:diagnostics_channel';
import { getNative } from './native.js';
import { fromNative } from './native-error.js';
import { allocateOutputs, type DataArray, type ProgramHandle } from './program.js';

/** Message of the diagnostics channel `nabla:run`, published after each run if anyone listens. */
export interface RunEvent {
  readonly samples: number;
  /** Threads asked for; 0 stands for the default. */
  readonly threads: number;
  readonly milliseconds: number;
  /** Whether the run was off the event loop. */
  readonly async: boolean;
  /** What it failed with, if it did. */
  readonly error?: unknown;
}

export const runChannel = channel('nabla:run');

/** Arrays that are handed over as arguments, which is quicker than in lists. V8 takes thousands, but on the stack. */
const MAX_ARGUMENTS = 256;

/**
 * Runs a program to its end on the native threads and returns its outputs. The arrays must have exactly the dtypes and lengths
 * the program declares; they may be views of a SharedArrayBuffer.
 *
 * @param threads at most so many; 0 for the default. The result does not depend on it, to the bit.
 * @throws ERR_NABLA_ARGUMENT, ERR_NABLA_DETACHED, ERR_NABLA_RESIZABLE, ERR_NABLA_OUT_OF_MEMORY
 */
export function runProgram(program: ProgramHandle, inputs: readonly DataArray[], threads = 0): DataArray[] {
  const begin = runChannel.hasSubscribers ? performance.now() : 0;
  let failure: unknown;
  try {
    const outputs = allocateOutputs(program);
    const native = getNative();
    const few = globalThis.Array.isArray(inputs) && inputs.length === program.inputs.length;
    if (few && inputs.length + outputs.length <= MAX_ARGUMENTS) {
      native.runArguments(program.native, threads, ...inputs, ...outputs);
    } else native.run(program.native, inputs, outputs, threads);
    return outputs;
  } catch (error) {
    failure = fromNative(error);
    throw failure;
  } finally {
    if (runChannel.hasSubscribers) {
      const event: RunEvent = {
        samples: program.samples,
        threads,
        milliseconds: performance.now() - begin,
        async: false,
        error: failure,
      };
      runChannel.publish(event);
    }
  }
}
