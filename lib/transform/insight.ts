import { describeProgram, type Explanation } from '../compile/explain.js';
import { printGraph } from '../graph/print.js';
import { simplify } from '../graph/simplify.js';
import { checkFunction, flattenArguments } from './dispatch.js';
import { compileFor } from './jit.js';
import { record } from './record.js';
import type { Inputs } from './types.js';

/**
 * What was traced, as text: one line a value, in the order of computation, after common subexpressions and constants are
 * simplified and before samples are put into blocks.
 */
export function makeGraph<A extends readonly unknown[]>(f: (...args: A) => unknown): (...args: Inputs<A>) => string {
  checkFunction(f, 'makeGraph');
  return (...args) => {
    const { graph } = record('makeGraph', f as never, flattenArguments(args, 'makeGraph'));
    return printGraph({ inputs: graph.inputs, outputs: simplify(graph.outputs) });
  };
}

/**
 * What a call with these arguments runs: its loops, passes over the weights, multiply-adds, memory and block size. Prints
 * as a table; its fields are for programs.
 */
export function explain<A extends readonly unknown[]>(f: (...args: A) => unknown): (...args: Inputs<A>) => Explanation {
  checkFunction(f, 'explain');
  return (...args) =>
    describeProgram(compileFor('explain', f as never, flattenArguments(args, 'explain')).executable.lowered);
}
