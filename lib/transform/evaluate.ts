import type { Array } from '../array/array.js';
import { runExecutableAsync } from '../compile/execute.js';
import type { AsyncOptions } from '../runtime/async.js';
import { checkOptions } from '../runtime/options.js';
import { unflatten } from '../tree/tree.js';
import { checkFunction, flattenArguments } from './dispatch.js';
import { compileFor } from './jit.js';
import { checkList } from './jvp.js';
import type { Inputs } from './types.js';

/**
 * Calls a function off the event loop: the work runs on native threads, the promise resolves to what the call would have
 * returned. The arguments' numbers are taken over at once; changing them afterwards changes nothing.
 * @throws (rejects with) what the call would have thrown, and AbortError
 */
export async function evaluate<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  args: Inputs<A>,
  options: AsyncOptions = {},
): Promise<R> {
  checkFunction(f, 'evaluate');
  checkList(args, 'evaluate', 'args');
  checkOptions(options, ['signal', 'onProgress', 'threads', 'transfer'], 'evaluate');
  const flat = flattenArguments(args, 'evaluate');
  const { executable, structure } = compileFor('evaluate', f as never, flat);
  return unflatten<R>(structure, await runExecutableAsync(executable, flat.arrays as Array[], options));
}
