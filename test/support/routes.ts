import type { Array, ConcreteArray } from '../../lib/array/array.js';
import { passes } from '../../lib/compile/optimize.js';
import { interpret } from '../../lib/graph/interpret.js';
import { typeCheck } from '../../lib/graph/materialize.js';
import type { Node } from '../../lib/graph/node.js';
import { type AnyFunction, flattenArguments } from '../../lib/transform/dispatch.js';
import { jit } from '../../lib/transform/jit.js';
import { record } from '../../lib/transform/record.js';
import { unflatten } from '../../lib/tree/tree.js';

/** The function on the reference interpreter, from the graph as it was traced. */
export function interpreted<A extends readonly unknown[], R>(f: (...args: A) => R): (...args: unknown[]) => R {
  return (...args) => {
    const flat = flattenArguments(args, 'interpreted');
    const { graph, structure } = record('interpreted', f as AnyFunction, flat);
    return unflatten<R>(structure, interpret(graph.outputs, flat.arrays as ConcreteArray[]));
  };
}

/** The function compiled and run by the native executor. */
export const native = <A extends readonly unknown[], R>(f: (...args: A) => R): ((...args: unknown[]) => R) =>
  jit(f) as (...args: unknown[]) => R;

/**
 * Type-checks the traced graph and the graph after every pass of the compiler. With `values`, interprets each of them too.
 * @returns per pass its name and the outputs (empty without `values`)
 */
export function afterEveryPass(
  f: AnyFunction,
  args: readonly unknown[],
  { values = false } = {},
): { pass: string; outputs: Array[] }[] {
  const flat = flattenArguments(args, 'passes');
  const { graph } = record('passes', f, flat);
  const run = (outputs: readonly Node[]) => (values ? interpret(outputs, flat.arrays as ConcreteArray[]) : []);
  typeCheck(graph.outputs);
  let current: readonly Node[] = graph.outputs;
  const results = [{ pass: 'trace', outputs: run(current) as Array[] }];
  for (const [pass, step] of passes) {
    current = step(current);
    try {
      typeCheck(current);
    } catch (error) {
      throw new Error(`after ${pass}: ${(error as Error).message}`);
    }
    results.push({ pass, outputs: run(current) });
  }
  return results;
}
