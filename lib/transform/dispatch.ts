import { Array } from '../array/array.js';
import { isTypedArray } from '../array/dtype.js';
import { formatShape } from '../array/shape.js';
import type { execute } from '../compile/execute.js';
import { copy } from '../graph/build.js';
import type { MapAxis, Node } from '../graph/node.js';
import { isFloat } from '../numpy/apply.js';
import { NablaError } from '../runtime/errors.js';
import { arrayOf, currentTrace, nodeOf, toArray } from '../trace/trace.js';
import { flatten, flattenList, type TreeStructure, unflatten } from '../tree/tree.js';
import { record } from './record.js';

/** A function users write or receive: trees of arrays in, a tree of arrays out. */
// biome-ignore lint/suspicious/noExplicitAny: arguments of user functions are whatever trees they declare
export type AnyFunction = (...args: any[]) => any;

/** The arguments of a call as arrays: plain numbers are float64 where some other argument is. */
export interface FlatArguments {
  readonly arrays: readonly Array[];
  readonly structure: TreeStructure;
}

export function flattenArguments(args: readonly unknown[], what: string): FlatArguments {
  const { leaves, structure } = flattenList(args, { what: 'arguments' });
  const isDouble = (x: unknown) =>
    x instanceof Array
      ? x.dtype === 'float64'
      : x instanceof Float64Array || (isData(x) && x.data instanceof Float64Array);
  const dtype = leaves.some(isDouble) ? 'float64' : 'float32';
  const names = leaves.every((x) => x instanceof Array) ? [] : structure.paths('argument');
  return { arrays: leaves.map((x, i) => toArray(x, `${what}: ${names[i] ?? ''}`, dtype)), structure };
}

const isData = (x: unknown): x is { data: unknown } =>
  typeof x === 'object' && x !== null && 'data' in x && isTypedArray((x as { data: unknown }).data);

/**
 * Makes a transformed function. Called inside a trace, `body` adds to the graph being recorded; called with arrays, a
 * new graph is recorded, compiled (or found in the cache) and run.
 *
 * @param body receives the arguments as traced trees and returns a tree of arrays
 */
export function transformed<R>(
  what: string,
  body: (args: unknown[]) => R,
  run: typeof execute,
): (...args: unknown[]) => R {
  return (...args) => {
    const flat = flattenArguments(args, what);
    if (currentTrace()) {
      const traced = flat.arrays.map((x) => arrayOf(nodeOf(x)));
      return body(unflatten<unknown[]>(flat.structure, traced));
    }
    let result: TreeStructure | undefined;
    const arrays = run(() => {
      const recorded = record(what, (...traced) => body(traced), flat);
      result = recorded.structure;
      return recorded.graph;
    }, flat.arrays);
    return unflatten<R>(result!, arrays);
  };
}

export function checkFunction(f: unknown, what: string): asserts f is AnyFunction {
  if (typeof f === 'function') return;
  throw new NablaError(
    'ERR_NABLA_ARGUMENT',
    `${what}: expected a function as first argument but received ${String(f)}`,
    {
      operation: what,
    },
  );
}

/** argnums as a list of positions in [0, count). */
export function resolveArgnums(argnums: number | readonly number[], count: number, what: string): number[] {
  const list = typeof argnums === 'number' ? [argnums] : argnums;
  const refused = (i: number, why: string): NablaError =>
    new NablaError('ERR_NABLA_ARGUMENT', `${what}: argnums ${i} ${why}`, {
      operation: what,
      argnums: i,
      arguments: count,
    });
  const positions = list.map((i) => {
    if (Number.isInteger(i) && i >= -count && i < count) return i < 0 ? i + count : i;
    throw refused(i, `does not name one of the ${count} arguments given`);
  });
  const twice = positions.findIndex((i, k) => positions.indexOf(i) < k);
  if (twice >= 0) throw refused(list[twice]!, 'names an argument that is named already');
  return positions;
}

/**
 * Copies that a transform is differentiating with respect to. They stay distinct from what they copy until it is done;
 * afterwards the simplifier may see through them.
 */
export const liveVariables = new Set<Node>();

/** The axes of the maps whose function is being called, outermost first. */
const enclosing: MapAxis[] = [];

/** Calls `f` for one sample of a mapped axis. */
export function withinMap<R>(axis: MapAxis, f: () => R): R {
  enclosing.push(axis);
  try {
    return f();
  } finally {
    enclosing.pop();
  }
}

/** The arguments named by argnums as fresh variables, and `f`'s result as a function of them. */
export interface Differentiated {
  /** Per argnum: its variables and its structure. */
  readonly variables: readonly Node[][];
  readonly structures: readonly TreeStructure[];
  readonly value: unknown;
  readonly aux: unknown;
}

/**
 * Calls `f` with the arguments of `argnums` replaced by variables, and `use` with what came of it, while the variables
 * are alive.
 */
export function differentiate<R>(
  what: string,
  f: AnyFunction,
  args: readonly unknown[],
  argnums: number | readonly number[],
  hasAux: boolean,
  use: (d: Differentiated) => R,
): R {
  const positions = resolveArgnums(argnums, args.length, what);
  const flat = positions.map((i) => flatten<Array>(args[i], { what: `argument[${i}]` }));
  const variables = flat.map(({ leaves, structure }, k) =>
    leaves.map((x, leaf) => {
      requireDifferentiable(what, x, structure.paths(`argument[${positions[k]}]`)[leaf]!);
      // A derivative taken for one sample is that sample's own, also in what the samples share.
      return copy(nodeOf(x), enclosing);
    }),
  );
  if (variables.every((list) => list.length === 0)) {
    throw new NablaError(
      'ERR_NABLA_ARGUMENT',
      `${what}: argnums ${JSON.stringify(argnums)} names no array to differentiate with respect to`,
      {
        operation: what,
        argnums,
      },
    );
  }
  const called = [...args];
  positions.forEach((i, k) => {
    called[i] = unflatten(flat[k]!.structure, variables[k]!.map(arrayOf));
  });
  for (const x of variables.flat()) liveVariables.add(x);
  try {
    const result = callTraced(what, f, called);
    const [value, aux] = hasAux ? splitAux(what, result) : [result, undefined];
    return use({ variables, structures: flat.map((x) => x.structure), value, aux });
  } finally {
    for (const x of variables.flat()) liveVariables.delete(x);
  }
}

/** Calls a user's function and refuses promises, whose trace would have ended before they settle. */
export function callTraced(what: string, f: AnyFunction, args: readonly unknown[]): unknown {
  const result = f(...args);
  if (typeof (result as { then?: unknown } | undefined)?.then === 'function') {
    throw new NablaError(
      'ERR_NABLA_ARGUMENT',
      `${what}: the function returned a promise; expected a synchronous function`,
      { operation: what },
    );
  }
  return result;
}

function splitAux(what: string, result: unknown): readonly [unknown, unknown] {
  if (globalThis.Array.isArray(result) && result.length === 2) return result as [unknown, unknown];
  const given = globalThis.Array.isArray(result)
    ? `a list of ${result.length}`
    : result instanceof Array
      ? String(result)
      : typeof result;
  throw new NablaError(
    'ERR_NABLA_AUX',
    `${what}: with hasAux the function must return [value, aux], but it returned ${given}`,
    {
      operation: what,
      returned: given,
    },
  );
}

function requireDifferentiable(what: string, x: Array, path: string): void {
  if (isFloat(x.dtype)) return;
  throw new NablaError(
    'ERR_NABLA_DTYPE',
    `${what}: ${path} is ${x.dtype}${formatShape(x.shape)}, and derivatives need floating-point inputs; cast with astype('float32')`,
    { operation: what, path, dtype: x.dtype, shape: x.shape },
  );
}

/** A function's result as nodes; integers and booleans have no derivative. */
export function resultNodes(what: string, value: unknown): { nodes: Node[]; structure: TreeStructure } {
  const { leaves, structure } = flatten(value, { what: 'result' });
  const nodes = leaves.map((x) => nodeOf(toArray(x, 'result')));
  nodes.forEach((x) => {
    if (isFloat(x.dtype)) return;
    throw new NablaError(
      'ERR_NABLA_DTYPE',
      `${what}: the function's result is ${x.dtype}${formatShape(x.shape)}; cast with astype('float32')`,
      {
        operation: what,
        dtype: x.dtype,
        shape: x.shape,
      },
    );
  });
  return { nodes, structure };
}

/** The one scalar a function must return for `grad` and its kin. */
export function scalarResult(what: string, value: unknown, way: string): Node {
  const { nodes, structure } = resultNodes(what, value);
  if (nodes.length === 1 && structure.toString() === '*' && nodes[0]!.shape.length === 0) return nodes[0]!;
  const shapes = nodes.map((x) => x.shape);
  const single = nodes.length === 1 && nodes[0]!.shape.every((n) => n === 1);
  const advice = single ? 'take the one entry out with np.squeeze(...) or .at(0)' : way;
  throw new NablaError(
    'ERR_NABLA_NOT_SCALAR',
    `${what}: the function must return a scalar (shape []) but returned ${nodes.length === 1 ? `shape ${formatShape(shapes[0]!)}` : `${nodes.length} arrays of shapes ${shapes.map(formatShape).join(', ')}`}; ${advice}`,
    { operation: what, shapes },
  );
}
