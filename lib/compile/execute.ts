import type { ConcreteArray } from '../array/array.js';
import { interpret } from '../graph/interpret.js';
import { simplify } from '../graph/simplify.js';
import type { Runner } from '../transform/dispatch.js';
export const execute: Runner = (record, inputs) => {
  const g = record();
  return interpret(simplify(g.outputs), inputs as ConcreteArray[]);
};
