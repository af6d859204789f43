import type { DType, TypedArray } from '../array/array.js';

/**
 * An axis a value is mapped over: what one `vmap` (or one family of tangents) introduces.
 * Identity, not size, tells axes apart: two maps of 32 samples are two axes until the compiler proves them one.
 */
export class MapAxis {
  static #next = 0;
  readonly id = MapAxis.#next++;
  constructor(
    readonly size: number,
    readonly name: string,
  ) {}
}

/** Primitives that act entry by entry; `elementwise.ts` holds their rules. */
export type ElementwiseOp =
  | ('neg' | 'abs' | 'sign' | 'square' | 'sqrt' | 'reciprocal' | 'floor')
  | ('exp' | 'expm1' | 'log' | 'log1p' | 'sin' | 'cos' | 'tanh' | 'sigmoid' | 'softplus' | 'erf' | 'erfc')
  | ('relu' | 'step' | 'not')
  | ('add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum' | 'pow' | 'atan2')
  | ('less' | 'lessEqual' | 'greater' | 'greaterEqual' | 'equal' | 'notEqual' | 'and' | 'or')
  | 'select';

/** Primitives that are not elementwise. `einsum` covers every sum, transpose, diagonal, matrix product and Gram product. */
export type StructuralOp =
  | 'input'
  | 'constant'
  | 'copy'
  | 'convert'
  | 'einsum'
  | 'reshape'
  | 'broadcast'
  | 'slice'
  | 'pad'
  | 'concatenate'
  | 'batch'
  | 'unbatch'
  | 'batchSum';

export type Op = ElementwiseOp | StructuralOp;

/**
 * What a constant holds: one number everywhere, the identity matrix, or an array.
 * The first two are kept symbolic because the simplifier lives off recognising them.
 */
export type ConstantValue =
  | { readonly kind: 'full'; readonly value: number }
  | { readonly kind: 'eye' }
  | { readonly kind: 'data'; readonly data: TypedArray };

/** Attributes of a node; which ones are set follows from its `op` (see the builder of that op in `build.ts`). */
export interface Attributes {
  /** `input`: position among the graph's inputs. */
  readonly index?: number;
  /** `constant`. */
  readonly value?: ConstantValue;
  /** `einsum`: one label list an operand, and the result's labels. */
  readonly labels?: readonly (readonly number[])[];
  readonly out?: readonly number[];
  /** `slice`: first index an axis; the sizes are the node's shape. `pad`: zeros before the operand, an axis. */
  readonly start?: readonly number[];
  /** `concatenate`, `batch`, `unbatch`: the axis of the shape that is meant. */
  readonly dim?: number;
  /** `batch`, `unbatch`, `batchSum`: the mapped axis. */
  readonly axis?: MapAxis;
}

/**
 * A value of the graph, in single-assignment form: the result of one primitive. Per sample it has `shape`;
 * over and above it is mapped over `axes` (sorted by id; none for a value all samples share).
 * Ids grow with creation, so they order any set of nodes topologically.
 */
export class Node {
  static #next = 0;
  readonly id = Node.#next++;
  constructor(
    readonly op: Op,
    readonly inputs: readonly Node[],
    readonly attrs: Attributes,
    readonly shape: readonly number[],
    readonly dtype: DType,
    readonly axes: readonly MapAxis[],
  ) {}
}

/** A closed computation: `outputs` over `inputs` (nodes with op `input`). */
export interface Graph {
  readonly inputs: readonly Node[];
  readonly outputs: readonly Node[];
}

/** The union of axis sets, sorted by id. */
export function unionAxes(sets: Iterable<readonly MapAxis[]>): readonly MapAxis[] {
  const seen = new Set<MapAxis>();
  let first: readonly MapAxis[] | undefined;
  for (const set of sets) {
    first ??= set;
    for (const axis of set) seen.add(axis);
  }
  if (first !== undefined && seen.size === first.length) return first;
  return [...seen].sort((a, b) => a.id - b.id);
}

/** `axes` without `axis`. */
export function withoutAxis(axes: readonly MapAxis[], axis: MapAxis): readonly MapAxis[] {
  return axes.filter((a) => a !== axis);
}

/** All nodes `outputs` depend on, operands first: depth first, so that a value stands near its first use. */
export function topological(outputs: Iterable<Node>, isLeaf: (node: Node) => boolean = () => false): Node[] {
  const order: Node[] = [];
  const state = new Map<Node, number>(); // number of operands already visited; done when it exceeds them
  const stack: Node[] = [];
  for (const output of outputs) {
    stack.push(output);
    while (stack.length > 0) {
      const node = stack[stack.length - 1]!;
      const next = state.get(node) ?? 0;
      const inputs = isLeaf(node) ? [] : node.inputs;
      if (next < inputs.length) {
        state.set(node, next + 1);
        const input = inputs[next]!;
        if (!state.has(input)) stack.push(input);
      } else {
        stack.pop();
        if (next === inputs.length) {
          state.set(node, next + 1);
          order.push(node);
        }
      }
    }
  }
  return order;
}
