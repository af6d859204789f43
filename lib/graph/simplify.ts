import { size } from '../array/shape.js';
import { data, full, fullValue, rebuild } from './build.js';
import { elementwiseRule } from './elementwise.js';
import { interpret } from './interpret.js';
import { type Node, topological } from './node.js';
import { isRearranged, rewriteEinsum } from './simplify-einsum.js';
import { rewriteElementwise } from './simplify-elementwise.js';
import { rewriteSlice } from './simplify-slice.js';
import { rewriteStructural } from './simplify-structural.js';

/**
 * What rules may ask about the graph around a node.
 */
export interface Context {
  /** Nodes that use `x`; outputs count as a user of their own (undefined). */
  users(x: Node): readonly (Node | undefined)[];
}

/** Rounds after which the simplifier stops even if something still changes; graphs in practice need three to six. */
const MAX_ROUNDS = 16;

/** Constants up to this many elements are computed once here instead of in every run. */
const FOLD_LIMIT = 4096;

/**
 * Rewrites a graph to an equal one that costs less: common subexpressions become one; identities, constants and what no
 * output needs disappear; slices move up to the inputs, so that a column nobody reads is never computed.
 *
 * @param live copies that a transform is still differentiating with respect to: they stay what they are
 */
export function simplify(outputs: readonly Node[], live: ReadonlySet<Node> = new Set()): Node[] {
  let current = [...outputs];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = rewriteOnce(current, live);
    if (next.every((node, i) => node === current[i])) break;
    current = next;
  }
  return current;
}

function rewriteOnce(outputs: readonly Node[], live: ReadonlySet<Node>): Node[] {
  const nodes = topological(outputs, (node) => live.has(node));
  const context = usersOf(nodes, outputs, live);
  const done = new Map<Node, Node>();
  const unique = new Uniquer();
  for (const node of nodes) {
    if (live.has(node) || node.op === 'input') {
      done.set(node, node);
      continue;
    }
    // Rules look at the users of the node as it was; they see its operands as they are now.
    const same = node.inputs.every((x) => done.get(x) === x);
    const moved = same
      ? node
      : rebuild(
          node,
          node.inputs.map((x) => done.get(x)!),
        );
    done.set(node, live.has(moved) ? moved : unique.of(rewrite(moved, node, context), live));
  }
  return outputs.map((node) => done.get(node)!);
}

function usersOf(nodes: readonly Node[], outputs: readonly Node[], live: ReadonlySet<Node>): Context {
  const users = new Map<Node, (Node | undefined)[]>();
  const add = (x: Node, user: Node | undefined) => {
    const list = users.get(x);
    if (list) list.push(user);
    else users.set(x, [user]);
  };
  for (const node of nodes) if (!live.has(node)) for (const x of node.inputs) add(x, node);
  for (const node of outputs) add(node, undefined);
  return { users: (x) => users.get(x) ?? [] };
}

/** One rewriting step of a node whose operands are rewritten already. `original` is the node as the context knows it. */
function rewrite(node: Node, original: Node, context: Context): Node {
  if (node.op === 'copy') return node.inputs[0]!; // not live, or it would not be here
  const folded = fold(node);
  if (folded) return folded;
  if (node.op === 'einsum') return rewriteEinsum(node, original, context);
  if (node.op === 'slice') return rewriteSlice(node, original, context);
  if (elementwiseRule(node.op)) return rewriteElementwise(node);
  return rewriteStructural(node);
}

function fold(node: Node): Node | undefined {
  if (node.inputs.length === 0 || node.axes.length > 0 || node.op === 'unbatch' || node.op === 'batchSum')
    return undefined;
  if (!node.inputs.every(isKnown)) return undefined;
  // A matrix in another order stays that matrix: products of it with itself are symmetric, and products read it as it lies.
  if (isRearranged(node) && fullValue(node.inputs[0]!) === undefined) return undefined;
  if (size(node.shape) > FOLD_LIMIT || node.inputs.some((x) => size(x.shape) > FOLD_LIMIT)) return undefined;
  const [value] = interpret([node], []);
  const entries = value!.data;
  // A constant that is one number everywhere is kept as that number, which further rules can see.
  if (entries.length > 0 && entries.every((x) => Object.is(x, entries[0])))
    return full(entries[0]!, node.shape, node.dtype);
  return data(entries, node.shape, node.dtype);
}

const isKnown = (x: Node): boolean =>
  x.op === 'constant' ? x.attrs.value!.kind !== 'eye' : isRearranged(x) && isKnown(x.inputs[0]!);

/** Hash consing: equal nodes become one. */
class Uniquer {
  readonly #nodes = new Map<string, Node>();

  of(node: Node, live: ReadonlySet<Node>): Node {
    if (live.has(node) || node.op === 'input') return node;
    const key = keyOf(node);
    const known = this.#nodes.get(key);
    if (known) return known;
    this.#nodes.set(key, node);
    return node;
  }
}

const commutative: ReadonlySet<string> = new Set([
  'add',
  'mul',
  'maximum',
  'minimum',
  'and',
  'or',
  'equal',
  'notEqual',
]);

/** A text equal for equal nodes: operation, operands, attributes, type. */
export function keyOf(node: Node): string {
  if (node.op === 'einsum' && node.inputs.length > 1) return keyOfProduct(node);
  const ids = node.inputs.map((x) => x.id);
  if (commutative.has(node.op)) ids.sort((a, b) => a - b);
  return `${node.op}(${ids})${attributesKey(node)}[${node.shape}]${node.dtype}`;
}

/** Operands of a product in any order are the same product; which order a key takes does not matter, only that it is one. */
function keyOfProduct(node: Node): string {
  const labels = node.attrs.labels!;
  const order = node.inputs.map((_, p) => p).sort((p, q) => node.inputs[p]!.id - node.inputs[q]!.id || p - q);
  const sorted = { op: node.op, attrs: { ...node.attrs, labels: order.map((p) => labels[p]!) } };
  return `einsum(${order.map((p) => node.inputs[p]!.id)})${attributesKey(sorted)}${node.dtype}`;
}

const identities = new WeakMap<object, number>();
let nextIdentity = 0;

/** A number for an object that stays the same and is nobody else's. */
function identityOf(object: object): number {
  let id = identities.get(object);
  if (id === undefined) {
    id = nextIdentity++;
    identities.set(object, id);
  }
  return id;
}

const numberKey = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));

/** Constants up to this many entries are compared by their numbers. */
const WRITTEN_OUT = 16;

export function attributesKey(node: Pick<Node, 'op' | 'attrs'>): string {
  const { index, value, labels, out, start, dim, axis } = node.attrs;
  switch (node.op) {
    case 'constant':
      if (value!.kind === 'full') return numberKey(value!.value);
      if (value!.kind === 'eye') return 'eye';
      // A short array written out in a formula is another object every time it is traced, and the same constant.
      if (value!.data.length <= WRITTEN_OUT) return `=${Array.from(value!.data, numberKey)}`;
      return `@${identityOf(value!.data)}`;
    case 'einsum': {
      const names = new Map<number, number>();
      const rename = (list: readonly number[]) =>
        list.map((label) => {
          if (!names.has(label)) names.set(label, names.size);
          return names.get(label);
        });
      return `${labels!.map(rename).join(';')}>${rename(out!)}`;
    }
    default:
      return `${index ?? ''}${start ? `:${start}` : ''}${dim === undefined ? '' : `d${dim}`}${axis ? `a${axis.id}` : ''}`;
  }
}
