import type { Array } from '../array/array.js';
import type { Graph } from '../graph/node.js';
import { recordGraph, toArray } from '../trace/trace.js';
import { flatten, type TreeStructure, unflatten } from '../tree/tree.js';
import { type AnyFunction, callTraced, type FlatArguments } from './dispatch.js';

/** A function recorded for arguments of certain trees, shapes and dtypes. */
export interface Recorded {
  readonly graph: Graph;
  /** The tree of its result. */
  readonly structure: TreeStructure;
}

/** Records `f` for arguments like these; their numbers do not matter. */
export function record(what: string, f: AnyFunction, { arrays, structure }: FlatArguments): Recorded {
  let result: TreeStructure | undefined;
  const graph = recordGraph((trace) => {
    const inputs: Array[] = arrays.map((x) => trace.input(x.shape, x.dtype));
    const tree = flatten(callTraced(what, f, unflatten<unknown[]>(structure, inputs)), { what: 'result' });
    result = tree.structure;
    return tree.leaves.map((x) => toArray(x, 'result'));
  });
  return { graph, structure: result! };
}
