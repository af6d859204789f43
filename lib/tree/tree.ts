import type { ArrayLike } from '../array/array.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { isLeaf, isPlainObject, maxDepth } from './leaf.js';
import { flattenLike } from './match.js';
import { formatPath, type PathStep } from './path.js';
import { leaf, leafStructure, type Node, TreeStructure } from './structure.js';

export { isLeaf } from './leaf.js';
export { flattenLike } from './match.js';
export { TreeStructure } from './structure.js';

/**
 * Pytrees: arrays in lists and plain objects, nested at will. `null` and `undefined` are nodes without leaves. A list
 * made of numbers only, at any depth, is not a node but one leaf: an array written out.
 */
export type Tree<L> = L | null | undefined | readonly Tree<L>[] | { readonly [key: string]: Tree<L> };

export interface FlattenOptions {
  /** Stops the descent at values that are leaves in the caller's eyes, whatever they are. */
  isLeaf?: (x: unknown) => boolean;
  /** Name of the tree in messages. */
  what?: string;
}

/**
 * Takes a tree apart into its leaves and its structure. Keys of objects come in sorted order, as in JAX, so that
 * `{ kernel, bias }` and `{ bias, kernel }` are the same tree. Leaves come back as they are, not converted to arrays.
 * @throws ERR_NABLA_TREE for a value that is neither node nor leaf (a string, a function, a Map, …), naming its path.
 */
export function flatten<L = unknown>(
  tree: unknown,
  options: FlattenOptions = {},
): { leaves: L[]; structure: TreeStructure } {
  const leaves: L[] = [];
  const root = collect(tree, [], leaves, options);
  return { leaves, structure: root === leaf ? leafStructure : new TreeStructure(root, leaves.length) };
}

/**
 * As {@link flatten} for a list that is certainly a list, such as the arguments of a call: a list of numbers is then one leaf
 * per number, not a vector.
 */
export function flattenList<L = unknown>(
  list: readonly unknown[],
  options: FlattenOptions = {},
): { leaves: L[]; structure: TreeStructure } {
  const leaves: L[] = [];
  const children = list.map((entry, i) => collect(entry, [i], leaves, options));
  return { leaves, structure: new TreeStructure({ kind: 'list', children }, leaves.length) };
}

/** Trees are taken apart at every call of a compiled function, so this is one plain recursion. */
function collect(x: unknown, path: PathStep[], leaves: unknown[], options: FlattenOptions): Node {
  if (options.isLeaf?.(x) === true || isLeaf(x)) {
    leaves.push(x);
    return leaf;
  }
  if (x === null || x === undefined) return { kind: 'none', value: x };
  if (path.length > maxDepth) throw tooDeep(options.what);
  const isList = globalThis.Array.isArray(x);
  if (!isList && !isPlainObject(x)) throw notATree(x, path, options.what);
  const keys = isList ? [] : Object.keys(x).sort();
  const length = isList ? x.length : keys.length;
  const children: Node[] = [];
  for (let i = 0; i < length; i++) {
    const step = isList ? i : (keys[i] as string);
    path.push(step);
    children.push(collect((x as Record<PathStep, unknown>)[step], path, leaves, options));
    path.pop();
  }
  return isList ? { kind: 'list', children } : { kind: 'object', keys, children };
}

function tooDeep(what = 'tree'): NablaError {
  return new NablaError('ERR_NABLA_TREE', `${what} is nested more than ${maxDepth} levels deep, or contains itself`, {
    tree: what,
  });
}

function notATree(x: unknown, path: readonly PathStep[], what: string | undefined): NablaError {
  const place = formatPath(path, what) || 'tree';
  return new NablaError(
    'ERR_NABLA_TREE',
    `${place} is ${describe(x)}; a tree is made of lists, plain objects, null and arrays (or numbers, typed arrays, { data, shape })`,
    { path: place, given: describe(x) },
  );
}

/**
 * Puts leaves into a structure.
 * @throws ERR_NABLA_TREE if their number is not the structure's.
 */
export function unflatten<T = unknown>(structure: TreeStructure, leaves: readonly unknown[]): T {
  if (leaves.length !== structure.leafCount) {
    throw new NablaError(
      'ERR_NABLA_TREE',
      `unflatten: ${structure} has ${structure.leafCount} leaves but ${leaves.length} were given`,
      {
        structure: structure.toString(),
        expected: structure.leafCount,
        given: leaves.length,
      },
    );
  }
  if (structure.root.kind === 'leaf') return leaves[0] as T;
  let next = 0;
  const build = (node: Node): unknown => {
    switch (node.kind) {
      case 'leaf':
        return leaves[next++];
      case 'none':
        return node.value;
      case 'list':
        return node.children.map(build);
      case 'object':
        // fromEntries defines the properties, so that even a key `__proto__` stays an ordinary key.
        return Object.fromEntries(node.children.map((child, i) => [node.keys[i] as string, build(child)]));
      default:
        return node satisfies never;
    }
  };
  return build(structure.root) as T;
}

/** The type of a tree `T` whose leaves have become `R`. */
export type MapLeaves<T, R> = unknown extends T
  ? unknown
  : T extends null | undefined
    ? T
    : T extends ArrayLike | ArrayBufferView
      ? R
      : T extends readonly unknown[] | { readonly [key: string]: unknown }
        ? { [K in keyof T]: MapLeaves<T[K], R> }
        : R;

/**
 * Applies `f` leaf by leaf to one tree or several of the same structure.
 * @throws ERR_NABLA_TREE if a structure differs from the first, naming the path and what differs.
 */
export function map<L, R, T>(f: (leaf: L, ...others: L[]) => R, tree: T, ...rest: unknown[]): MapLeaves<T, R> {
  const { leaves, structure } = flatten<L>(tree);
  const others = rest.map((other, i) => flattenLike<L>(structure, other, { what: `tree ${i + 2}`, like: 'tree 1' }));
  return unflatten(
    structure,
    leaves.map((first, i) => f(first, ...others.map((list) => list[i] as L))),
  );
}

/** The leaves of a tree, in order. */
export function leaves<L = unknown>(tree: unknown, options?: FlattenOptions): L[] {
  return flatten<L>(tree, options).leaves;
}

/** The path of every leaf, in order: `params.Dense_0.kernel`, `[0].x`, `''` for a tree that is a leaf. */
export function paths(tree: unknown, root = ''): string[] {
  return flatten(tree).structure.paths(root);
}
