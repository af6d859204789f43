import { Array } from '../array/array.js';
import { isDataAndShape } from '../array/as-array.js';
import { typedArrayBrand } from '../array/dtype.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { formatPath, type PathStep } from './path.js';

/**
 * Pytrees: arrays in lists and plain objects, nested at will. `null` and `undefined` are nodes without leaves. A list
 * made of numbers only, at any depth, is not a node but one leaf: an array written out.
 */
export type Tree<L> = L | null | undefined | readonly Tree<L>[] | { readonly [key: string]: Tree<L> };

/** @internal */
export type Node =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'none'; readonly value: null | undefined }
  | { readonly kind: 'list'; readonly children: readonly Node[] }
  | { readonly kind: 'object'; readonly keys: readonly string[]; readonly children: readonly Node[] };

const leaf: Node = { kind: 'leaf' };

/** Far beyond any use, and few enough that a tree which contains itself is reported and does not overflow the stack. */
const maxDepth = 512;

/** Lists and plain objects of a tree without its leaves. */
export class TreeStructure {
  /** Number of leaves. */
  readonly leafCount: number;
  readonly #root: Node;
  #text: string | undefined;

  /** @internal Structures come from {@link flatten}. */
  constructor(root: Node, leafCount: number) {
    this.#root = root;
    this.leafCount = leafCount;
  }

  /** @internal */
  get root(): Node {
    return this.#root;
  }

  equals(other: TreeStructure): boolean {
    return this === other || (this.leafCount === other.leafCount && nodesEqual(this.#root, other.#root));
  }

  /** Canonical text, `{bias: *, kernel: *}`; equal structures have equal texts, so it serves as a key. */
  toString(): string {
    this.#text ??= print(this.#root);
    return this.#text;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `TreeStructure(${this})`;
  }

  /** Path of every leaf, in leaf order. `root` names the tree in front of each. */
  paths(root = ''): string[] {
    return globalThis.Array.from(leafPaths(this.#root), (path) => formatPath(path, root));
  }
}

function nodesEqual(a: Node, b: Node): boolean {
  switch (a.kind) {
    case 'leaf':
    case 'none':
      return a.kind === b.kind;
    case 'list':
      return b.kind === 'list' && childrenEqual(a.children, b.children);
    case 'object':
      return (
        b.kind === 'object' && a.keys.every((key, i) => key === b.keys[i]) && childrenEqual(a.children, b.children)
      );
    default:
      return a satisfies never;
  }
}

function childrenEqual(a: readonly Node[], b: readonly Node[]): boolean {
  return a.length === b.length && a.every((child, i) => nodesEqual(child, b[i] as Node));
}

/** The structure of a tree that is one leaf. */
export const leafStructure = new TreeStructure(leaf, 1);

function print(node: Node): string {
  switch (node.kind) {
    case 'leaf':
      return '*';
    case 'none':
      return 'null';
    case 'list':
      return `[${node.children.map(print).join(', ')}]`;
    case 'object':
      return `{${node.children.map((child, i) => `${printKey(node.keys[i] as string)}: ${print(child)}`).join(', ')}}`;
    default:
      return node satisfies never;
  }
}

function printKey(key: string): string {
  return /^\w+$/.test(key) ? key : JSON.stringify(key);
}

function* leafPaths(node: Node, path: readonly PathStep[] = []): Generator<readonly PathStep[]> {
  if (node.kind === 'leaf') yield path;
  else if (node.kind !== 'none') {
    for (const [i, child] of node.children.entries()) {
      yield* leafPaths(child, [...path, node.kind === 'list' ? i : (node.keys[i] as string)]);
    }
  }
}

/** @internal */
export function leafCount(node: Node): number {
  if (node.kind === 'leaf') return 1;
  return node.kind === 'none' ? 0 : node.children.reduce((sum, child) => sum + leafCount(child), 0);
}

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

function collect<L>(tree: unknown, path: PathStep[], leaves: L[], options: FlattenOptions): Node {
  const visit = (x: unknown): Node => {
    if (path.length > maxDepth) throw tooDeep(options.what);
    if (options.isLeaf?.(x) === true || isLeaf(x)) {
      leaves.push(x as L);
      return leaf;
    }
    if (x === null || x === undefined) return { kind: 'none', value: x };
    if (globalThis.Array.isArray(x))
      return { kind: 'list', children: globalThis.Array.from(x, (child, i) => descend(i, child)) };
    if (isPlainObject(x)) {
      const keys = Object.keys(x).sort();
      return { kind: 'object', keys, children: keys.map((key) => descend(key, x[key])) };
    }
    throw notATree(x, path, options.what);
  };

  const descend = (step: PathStep, x: unknown): Node => {
    path.push(step);
    const node = visit(x);
    path.pop();
    return node;
  };

  return visit(tree);
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
    : T extends Array | number | boolean | ArrayBufferView | readonly number[]
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

/** True for what a tree's leaf may be: an array in any of its forms. */
export function isLeaf(x: unknown): boolean {
  if (typeof x === 'number' || typeof x === 'boolean' || x instanceof Array) return true;
  if (globalThis.Array.isArray(x)) return isNumberList(x);
  return typedArrayBrand(x) !== undefined || isDataAndShape(x);
}

/** True for lists that hold at least one number, and nothing but numbers, booleans and such lists. */
export function isNumberList(x: readonly unknown[]): boolean {
  let numbers = 0;
  const onlyNumbers = (list: readonly unknown[], depth: number): boolean =>
    depth <= maxDepth &&
    list.every((entry) => {
      if (globalThis.Array.isArray(entry)) return onlyNumbers(entry, depth + 1);
      numbers++;
      return typeof entry === 'number' || typeof entry === 'boolean';
    });
  return onlyNumbers(x, 0) && numbers > 0;
}

/** True for object literals, also those of another realm, and objects without a prototype; not for class instances. */
export function isPlainObject(x: unknown): x is Record<string, unknown> {
  if (typeof x !== 'object' || x === null || globalThis.Array.isArray(x)) return false;
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
