import { type Array, ConcreteArray } from '../array/array.js';
import type { Graph } from '../graph/node.js';
import { type AsyncOptions, runProgramAsync } from '../runtime/async.js';
import { createProgram, type ProgramHandle } from '../runtime/program.js';
import { runProgram } from '../runtime/run.js';
import { type Lowered, lower } from './compile.js';
import { fingerprint } from './fingerprint.js';

/** A compiled graph, ready to run on arrays of the shapes it was traced with. */
export interface Executable {
  readonly program: ProgramHandle;
  readonly lowered: Lowered;
}

/**
 * Compiled programs by what they compute, least recently used first. A function that is traced anew at every call (because
 * what it closes over may have changed) finds its program here and compiles nothing.
 */
const cache = new Map<string, Executable>();

/** Programs kept. A program holds its instructions and no batch-sized memory: tens of KiB. */
const CACHE_LIMIT = 256;

/** Compiles a graph, or finds its program in the cache. */
export function compile(graph: Graph): Executable {
  const key = fingerprint(graph);
  const known = cache.get(key);
  cache.delete(key);
  const executable = known ?? compileNew(graph);
  cache.set(key, executable);
  if (cache.size > CACHE_LIMIT) cache.delete(cache.keys().next().value!);
  return executable;
}

function compileNew(graph: Graph): Executable {
  const lowered = lower(graph);
  return { program: createProgram(lowered.words), lowered };
}

/** Runs a compiled graph on concrete arrays. */
export function runExecutable({ program, lowered }: Executable, inputs: readonly Array[]): ConcreteArray[] {
  const outputs = runProgram(program, [...inputs.map((x) => x.data), ...lowered.captured]);
  return outputs.map((data, i) => new ConcreteArray(data, lowered.outputs[i]!.shape));
}

/** The same off the event loop. */
export async function runExecutableAsync(
  { program, lowered }: Executable,
  inputs: readonly Array[],
  options: AsyncOptions,
): Promise<Array[]> {
  const outputs = await runProgramAsync(program, [...inputs.map((x) => x.data), ...lowered.captured], options);
  return outputs.map((data, i) => new ConcreteArray(data, lowered.outputs[i]!.shape));
}

/** Compiles and runs what a transform has recorded. */
export const execute = (record: () => Graph, inputs: readonly Array[]): Array[] =>
  runExecutable(compile(record()), inputs);
