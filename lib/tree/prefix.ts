import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { isPlainObject } from './leaf.js';
import { keyMismatch, mismatch, type Names } from './match.js';
import { formatPath, type PathStep } from './path.js';
import { leafCount, type Node, type TreeStructure } from './structure.js';

/**
 * Spreads a tree prefix over the leaves of a structure: what stands where the structure has a subtree holds for all leaves
 * below it. Lists and objects of the prefix must match the structure's.
 *
 * @param isLeaf what ends the descent into the prefix
 * @param names what the prefix and the tree are called in messages
 * @returns one entry of the prefix per leaf of the structure
 * @throws ERR_NABLA_TREE naming the path and what differs.
 */
export function broadcastPrefix<P>(
  prefix: unknown,
  structure: TreeStructure,
  isLeaf: (x: unknown) => x is P,
  names: Names,
): P[] {
  const result: P[] = [];
  const path: PathStep[] = [];
  const visit = (x: unknown, node: Node): void => {
    if (isLeaf(x)) {
      for (let n = leafCount(node); n > 0; n--) result.push(x);
      return;
    }
    if (globalThis.Array.isArray(x)) {
      if (node.kind !== 'list' || node.children.length !== x.length) {
        throw mismatch(path, names, describeStructure(node), `a list of ${x.length} entries`);
      }
    } else if (isPlainObject(x)) {
      const keys = Object.keys(x);
      if (node.kind !== 'object')
        throw mismatch(path, names, describeStructure(node), `an object { ${keys.join(', ')} }`);
      const problem = keyMismatch(path, names, node.keys, keys);
      if (problem) throw problem;
    } else {
      throw mismatch(path, names, describeStructure(node), describe(x));
    }
    node.children.forEach((child, i) => {
      const step = node.kind === 'list' ? i : (node.keys[i] as string);
      path.push(step);
      visit((x as Record<PathStep, unknown>)[step], child);
      path.pop();
    });
  };
  visit(prefix, structure.root);
  return result;
}

function describeStructure(node: Node): string {
  switch (node.kind) {
    case 'leaf':
      return 'an array';
    case 'none':
      return 'null';
    case 'list':
      return `a list of ${node.children.length} entries`;
    case 'object':
      return `an object { ${node.keys.join(', ')} }`;
    default:
      return node satisfies never;
  }
}

/** An axis to map over, or null for none; in lists and objects as deep as wanted. */
export type AxisTree = number | null | readonly AxisTree[] | { readonly [key: string]: AxisTree };

/**
 * The mapped axis of every leaf, from a tree prefix of axes.
 *
 * @param ndims number of axes of every leaf; a negative axis counts from its end
 * @param describeLeaf says what a leaf is in messages, e.g. `shape [32, 3]`
 * @returns per leaf an axis in [0, ndim), or null
 * @throws ERR_NABLA_TREE if lists or objects differ from the structure's; ERR_NABLA_AXIS for an axis that is no integer or
 *   beyond the leaf's rank, naming the leaf by its path.
 */
export function broadcastAxes(
  axes: unknown,
  structure: TreeStructure,
  ndims: readonly number[],
  names: Names,
  describeLeaf: (leaf: number) => string = (leaf) => `${ndims[leaf]} axes`,
): (number | null)[] {
  checkAxes(axes, [], names.what);
  const isAxis = (x: unknown): x is number | null => x === null || typeof x === 'number';
  const spread = broadcastPrefix(axes, structure, isAxis, names);
  return spread.map((axis, leaf) => {
    if (axis === null) return null;
    const ndim = ndims[leaf] as number;
    if (axis >= -ndim && axis < ndim) return axis < 0 ? axis + ndim : axis;
    const place = structure.paths(names.like)[leaf] as string;
    const advice =
      ndim === 0
        ? 'a scalar has no axis to map; use null to pass it on unmapped'
        : `expected an axis from ${-ndim} to ${ndim - 1}, or null`;
    throw new NablaError(
      'ERR_NABLA_AXIS',
      `${names.what}: axis ${axis} is out of range for ${place} with ${describeLeaf(leaf)}; ${advice}`,
      {
        path: place,
        axis,
        ndim,
      },
    );
  });
}

/** Finds what can never be an axis before structures are compared, so that the message is about the value and not its place. */
function checkAxes(axes: unknown, path: readonly PathStep[], what: string): void {
  if (axes === null || Number.isInteger(axes)) return;
  if (globalThis.Array.isArray(axes) && path.length < 64) {
    for (const [i, entry] of axes.entries()) checkAxes(entry, [...path, i], what);
    return;
  }
  if (isPlainObject(axes) && path.length < 64) {
    for (const [key, entry] of Object.entries(axes)) checkAxes(entry, [...path, key], what);
    return;
  }
  const place = formatPath(path, what);
  throw new NablaError(
    'ERR_NABLA_AXIS',
    `${place} is ${describe(axes)}; expected an integer, null, or lists and objects of these`,
    {
      path: place,
      given: describe(axes),
    },
  );
}
