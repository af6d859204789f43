import type { Array, DType } from '../array/array.js';
import { shapesEqual } from '../array/shape.js';
import { compile, type Executable, runExecutable } from '../compile/execute.js';
import { checkOptions } from '../runtime/options.js';
import { currentTrace } from '../trace/trace.js';
import { arraysIfMatching } from '../tree/match-leaves.js';
import { type TreeStructure, unflatten } from '../tree/tree.js';
import { type AnyFunction, callTraced, checkFunction, type FlatArguments, flattenArguments } from './dispatch.js';
import { record } from './record.js';
import type { Inputs } from './types.js';

interface ArrayType {
  readonly dtype: DType;
  /** The very list of the last array that came here: the next one often has it too, and needs no comparing. */
  shape: readonly number[];
}

/** A function compiled for one signature: trees, shapes and dtypes of its arguments. */
export interface Compiled {
  readonly arguments: FlatArguments['structure'];
  readonly types: readonly ArrayType[];
  readonly executable: Executable;
  readonly structure: TreeStructure;
}

/** Signatures kept by one jitted function; a program lives on in the compiler's own cache. */
const SIGNATURES = 64;

/** What tells calls of different signatures apart. */
export function signature({ arrays, structure }: FlatArguments): string {
  let key = structure.toString();
  for (const x of arrays) key += `|${x.dtype}${x.shape}`;
  return key;
}

const compilers = new WeakMap<object, (flat: FlatArguments) => Compiled>();

/** Compiles a function for the signature of these arguments; a jitted one finds what it compiled before. */
export function compileFor(what: string, f: AnyFunction, flat: FlatArguments): Compiled {
  const known = compilers.get(f);
  if (known) return known(flat);
  return compileNow(what, f, flat);
}

function compileNow(what: string, f: AnyFunction, flat: FlatArguments): Compiled {
  const { graph, structure } = record(what, f, flat);
  const types = flat.arrays.map(({ dtype, shape }) => ({ dtype, shape }));
  return { arguments: flat.structure, types, executable: compile(graph), structure };
}

/** The arrays of a call that has the same signature as the one `compiled` was made for, without working the signature out. */
function sameSignature({ arguments: structure, types }: Compiled, args: readonly unknown[]): Array[] | undefined {
  const arrays = arraysIfMatching(structure, args);
  if (arrays === undefined) return undefined;
  for (let i = 0; i < arrays.length; i++) {
    const x = arrays[i]!;
    const type = types[i]!;
    if (x.dtype !== type.dtype) return undefined;
    const { shape } = x;
    if (shape === type.shape) continue;
    if (!shapesEqual(shape, type.shape)) return undefined;
    type.shape = shape;
  }
  return arrays;
}

/**
 * Compiles a function at its first call with a signature (the arguments' trees, shapes and dtypes) and runs the compiled
 * program from then on: the function itself is not called again, so it must not depend on anything but its arguments.
 */
export function jit<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options?: Record<never, never>,
): (...args: Inputs<A>) => R {
  checkFunction(f, 'jit');
  checkOptions(options, [], 'jit');
  const compiled = new Map<string, Compiled>();
  let last: Compiled | undefined;
  const compileOnce = (flat: FlatArguments): Compiled => {
    const key = signature(flat);
    let entry = compiled.get(key);
    if (!entry) {
      entry = compileNow('jit', f as AnyFunction, flat);
      compiled.set(key, entry);
      if (compiled.size > SIGNATURES) compiled.delete(compiled.keys().next().value!);
    }
    last = entry;
    return entry;
  };
  const jitted = (...args: unknown[]): unknown => {
    if (currentTrace()) return callTraced('jit', f as AnyFunction, args);
    // Most calls are like the one before.
    const arrays = last && sameSignature(last, args);
    if (arrays) return unflatten(last!.structure, runExecutable(last!.executable, arrays));
    const flat = flattenArguments(args, 'jit');
    const { executable, structure } = compileOnce(flat);
    return unflatten(structure, runExecutable(executable, flat.arrays as Array[]));
  };
  compilers.set(jitted, compileOnce);
  return jitted as never;
}
