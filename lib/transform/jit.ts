import type { Array } from '../array/array.js';
import { compile, type Executable, runExecutable } from '../compile/execute.js';
import { checkOptions } from '../runtime/options.js';
import { currentTrace } from '../trace/trace.js';
import { type TreeStructure, unflatten } from '../tree/tree.js';
import { type AnyFunction, callTraced, checkFunction, type FlatArguments, flattenArguments } from './dispatch.js';
import { record } from './record.js';
import type { Inputs } from './types.js';

/** A function compiled for one signature: trees, shapes and dtypes of its arguments. */
export interface Compiled {
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
  const { graph, structure } = record(what, f, flat);
  return { executable: compile(graph), structure };
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
  const compileOnce = (flat: FlatArguments): Compiled => {
    const key = signature(flat);
    let entry = compiled.get(key);
    if (!entry) {
      const { graph, structure } = record('jit', f as AnyFunction, flat);
      entry = { executable: compile(graph), structure };
      compiled.set(key, entry);
      if (compiled.size > SIGNATURES) compiled.delete(compiled.keys().next().value!);
    }
    return entry;
  };
  const jitted = (...args: unknown[]): unknown => {
    if (currentTrace()) return callTraced('jit', f as AnyFunction, args);
    const flat = flattenArguments(args, 'jit');
    const { executable, structure } = compileOnce(flat);
    return unflatten(structure, runExecutable(executable, flat.arrays as Array[]));
  };
  compilers.set(jitted, compileOnce);
  return jitted as never;
}
