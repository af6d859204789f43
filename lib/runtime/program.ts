import { channel } from 'node:diagnostics_channel';
import { getNative, type NativeCounters, type NativeProgram } from './native.js';
import { fromNative, wrapped } from './native-error.js';

/** Arrays a program reads and writes; a `bool` is a byte. */
export type DataArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** An input or output of a program: the number of its dtype in the program format, and its length in elements. */
export interface BufferSpec {
  readonly dtype: number;
  readonly length: number;
}

/** A program the native core has decoded and validated. */
export interface ProgramHandle {
  readonly native: NativeProgram;
  readonly inputs: readonly BufferSpec[];
  readonly outputs: readonly BufferSpec[];
  /** Samples of all its loops together: what progress counts up to. */
  readonly samples: number;
  /** Native memory held by it. */
  readonly bytes: number;
}

/** Message of the diagnostics channel `nabla:compile`, published when the native core has accepted a program. */
export interface CompileEvent {
  /** Length of the program in numbers. */
  readonly words: number;
  readonly samples: number;
  /** Native memory the program holds. */
  readonly bytes: number;
  /** Time in the native core; tracing and lowering come before it. */
  readonly milliseconds: number;
}

const compileChannel = channel('nabla:compile');

// By dtype number.
const constructors = [Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array] as const;

/** The class of the arrays a spec asks for. */
export function constructorOf(spec: BufferSpec): (typeof constructors)[0] {
  // One construct signature stands for all: they differ in what they store, not in how they are made.
  return constructors[spec.dtype as 0];
}

const headerWords = 8;

/**
 * Hands a program to the native core, which checks every index, shape and length in it.
 * @throws ERR_NABLA_PROGRAM, ERR_NABLA_TOO_LARGE, ERR_NABLA_OUT_OF_MEMORY
 */
export function createProgram(words: Float64Array): ProgramHandle {
  const begin = compileChannel.hasSubscribers ? performance.now() : 0;
  const native = wrapped(() => getNative().createProgram(words));
  const { samples, bytes } = getNative().programInfo(native);
  if (compileChannel.hasSubscribers) {
    const event: CompileEvent = { words: words.length, samples, bytes, milliseconds: performance.now() - begin };
    compileChannel.publish(event);
  }
  // The core has accepted the header: [magic, version, dtype, nInputs, nOutputs, ...], then one [dtype, length] each.
  const nInputs = words[3] as number;
  const nOutputs = words[4] as number;
  const spec = (_: unknown, i: number): BufferSpec => ({
    dtype: words[headerWords + 2 * i] as number,
    length: words[headerWords + 2 * i + 1] as number,
  });
  const specs = Array.from({ length: nInputs + nOutputs }, spec);
  return { native, inputs: specs.slice(0, nInputs), outputs: specs.slice(nInputs), samples, bytes };
}

/**
 * Fresh, zeroed arrays for the results of a program.
 * @throws ERR_NABLA_OUT_OF_MEMORY
 */
export function allocateOutputs(program: ProgramHandle): DataArray[] {
  const outputs: DataArray[] = [];
  try {
    for (const spec of program.outputs) outputs.push(new (constructorOf(spec))(spec.length));
  } catch (error) {
    throw fromNative(error);
  }
  return outputs;
}

/** Programs compiled and run by this thread of JavaScript; tests count compilations with it. */
export function counters(): NativeCounters {
  return getNative().counters();
}
