import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { isLeaf, isPlainObject } from './leaf.js';
import { formatPath, type PathStep } from './path.js';
import type { Node, TreeStructure } from './structure.js';

/**
 * Takes apart a tree that must have the given structure. The structure decides what is a node: where it has a list, a list of
 * numbers is taken entry by entry.
 *
 * @param names what the tree and the one it is compared with are called in messages
 * @throws ERR_NABLA_TREE naming the path and what differs.
 */
export function flattenLike<L = unknown>(
  structure: TreeStructure,
  tree: unknown,
  names: { what?: string; like?: string } = {},
): L[] {
  const { what = 'tree', like = 'the expected structure' } = names;
  const found: L[] = [];
  matchNodes(structure.root, tree, [], { what, like }, (_, x, path) => {
    if (!isLeaf(x)) throw mismatch(path, { what, like }, 'an array', describeNode(x));
    found.push(x as L);
  });
  return found;
}

export interface Names {
  readonly what: string;
  readonly like: string;
}

/** Walks a structure and a tree side by side and hands every leaf of the structure what stands in its place. @internal */
export function matchNodes(
  node: Node,
  x: unknown,
  path: PathStep[],
  names: Names,
  atLeaf: (node: Node, x: unknown, path: readonly PathStep[]) => void,
): void {
  const child = (step: PathStep, inner: Node, y: unknown) => {
    path.push(step);
    matchNodes(inner, y, path, names, atLeaf);
    path.pop();
  };
  switch (node.kind) {
    case 'leaf':
      atLeaf(node, x, path);
      return;
    case 'none':
      if (x !== null && x !== undefined) throw mismatch(path, names, 'null', describeNode(x));
      return;
    case 'list': {
      const { length } = node.children;
      if (!globalThis.Array.isArray(x) || x.length !== length) {
        throw mismatch(path, names, `a list of ${length} entries`, describeNode(x));
      }
      node.children.forEach((inner, i) => {
        child(i, inner, x[i]);
      });
      return;
    }
    case 'object': {
      if (!isPlainObject(x) || isLeaf(x))
        throw mismatch(path, names, `an object { ${node.keys.join(', ')} }`, describeNode(x));
      const problem = keyMismatch(path, names, node.keys, Object.keys(x));
      if (problem) throw problem;
      node.children.forEach((inner, i) => {
        child(node.keys[i] as string, inner, x[node.keys[i] as string]);
      });
      return;
    }
    default:
      node satisfies never;
  }
}

/** @internal */
export function mismatch(
  path: readonly PathStep[],
  { what, like }: Names,
  expected: string,
  given: string,
): NablaError {
  const place = formatPath(path, what);
  const there = path.length === 0 ? like : `${like} at ${formatPath(path)}`;
  return new NablaError('ERR_NABLA_TREE', `${place} is ${given} where ${there} is ${expected}`, {
    path: place,
    expected,
    given,
  });
}

/** @internal */
export function keyMismatch(
  path: readonly PathStep[],
  { what, like }: Names,
  expected: readonly string[],
  given: readonly string[],
): NablaError | undefined {
  const missing = expected.filter((key) => !given.includes(key));
  const extra = given.filter((key) => !expected.includes(key)).sort();
  if (missing.length + extra.length === 0) return undefined;
  const place = formatPath(path, what);
  const parts = [
    ...(missing.length > 0 ? [`lacks ${missing.join(', ')}`] : []),
    ...(extra.length > 0 ? [`has ${extra.join(', ')} in addition`] : []),
  ];
  return new NablaError('ERR_NABLA_TREE', `${place} differs from ${like}: it ${parts.join(' and ')}`, {
    path: place,
    missing,
    extra,
  });
}

function describeNode(x: unknown): string {
  return isLeaf(x) ? (globalThis.Array.isArray(x) ? `${describe(x)}, all numbers` : describeLeaf(x)) : describe(x);
}

function describeLeaf(x: unknown): string {
  return typeof x === 'number' ? `the number ${x}` : describe(x);
}
