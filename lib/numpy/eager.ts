import type { Array, ConcreteArray } from '../array/array.js';
import { interpret } from '../graph/interpret.js';
import type { Node } from '../graph/node.js';

/**
 * How operations are evaluated outside any trace. Alone, this layer interprets; the layers above install a runner that
 * hands what is large to the compiler.
 */
export interface EagerRunner {
  /** The value of a node that depends on constants only. */
  evaluate(node: Node): ConcreteArray;
  /** The result of a composition of operations on concrete arguments: one program instead of one an operation. */
  compose<A extends readonly unknown[]>(f: (...args: A) => Array, args: A): Array;
}

let runner: EagerRunner = {
  evaluate: (node) => interpret([node], [])[0]!,
  compose: (f, args) => f(...args),
};

export function installEagerRunner(installed: EagerRunner): void {
  runner = installed;
}

export const evaluateNow = (node: Node): ConcreteArray => runner.evaluate(node);

/** Calls `f(...args)`, outside a trace as one compiled program. For models and other functions that know they are large. */
export const compose = <A extends readonly unknown[]>(f: (...args: A) => Array, args: A): Array =>
  runner.compose(f, args);
