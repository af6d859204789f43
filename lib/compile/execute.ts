import { type Array, ConcreteArray, type TypedArray } from '../array/array.js';
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

/** A program without the large arrays its graph captured, which may be others the next time. */
interface Template {
  readonly executable: Executable;
  /** What the program reads after the graph's inputs: an array of its own, or the place among the graph's captured arrays. */
  readonly captured: readonly (TypedArray | number)[];
}

/**
 * Compiled programs by what they compute, least recently used first. A function that is traced anew at every call (because
 * what it closes over may have changed) finds its program here and compiles nothing.
 */
const cache = new Map<string, Template>();

/** Programs kept. A program holds its instructions and no batch-sized memory: tens of KiB. */
const CACHE_LIMIT = 256;

/** Compiles a graph, or finds its program in the cache. */
export function compile(graph: Graph): Executable {
  const { key, captured } = fingerprint(graph);
  const known = cache.get(key);
  cache.delete(key);
  const template = known ?? compileNew(graph, captured);
  cache.set(key, template);
  if (cache.size > CACHE_LIMIT) cache.delete(cache.keys().next().value!);
  const { program, lowered } = template.executable;
  const arrays = template.captured.map((x) => (typeof x === 'number' ? captured[x]! : x));
  return { program, lowered: { ...lowered, captured: arrays } };
}

function compileNew(graph: Graph, captured: readonly TypedArray[]): Template {
  const lowered = lower(graph);
  const places = lowered.captured.map((data) => {
    const place = captured.indexOf(data);
    // A small array was recognised by its numbers: they must stay what they are.
    return place >= 0 ? place : data.slice();
  });
  return {
    executable: { program: createProgram(lowered.words), lowered: { ...lowered, captured: [] } },
    captured: places,
  };
}

/** Runs a compiled graph on concrete arrays. */
export function runExecutable({ program, lowered }: Executable, inputs: readonly Array[]): ConcreteArray[] {
  return asArrays(lowered, runProgram(program, memoryOf(lowered, inputs)));
}

/** The same off the event loop. */
export async function runExecutableAsync(
  { program, lowered }: Executable,
  inputs: readonly Array[],
  options: AsyncOptions,
): Promise<Array[]> {
  return asArrays(lowered, await runProgramAsync(program, memoryOf(lowered, inputs), options));
}

/** What a program reads, in its order. */
function memoryOf({ captured }: Lowered, inputs: readonly Array[]): TypedArray[] {
  const memory: TypedArray[] = [];
  for (const x of inputs) memory.push(x.data);
  for (const data of captured) memory.push(data);
  return memory;
}

const asArrays = ({ outputs }: Lowered, results: readonly TypedArray[]): ConcreteArray[] =>
  results.map((data, i) => new ConcreteArray(data, outputs[i]!.shape));

/** Compiles and runs what a transform has recorded. */
export const execute = (record: () => Graph, inputs: readonly Array[]): Array[] =>
  runExecutable(compile(record()), inputs);
