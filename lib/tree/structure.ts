import { formatPath, type PathStep } from './path.js';

/** @internal */
export type Node =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'none'; readonly value: null | undefined }
  | { readonly kind: 'list'; readonly children: readonly Node[] }
  | { readonly kind: 'object'; readonly keys: readonly string[]; readonly children: readonly Node[] };

/** @internal */
export const leaf: Node = { kind: 'leaf' };

/** Lists and plain objects of a tree without its leaves. */
export class TreeStructure {
  /** Number of leaves. */
  readonly leafCount: number;
  readonly #root: Node;
  #text: string | undefined;

  /** @internal Structures come from `flatten`. */
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
