import { shapesEqual, size } from '../array/shape.js';
import type { Node } from '../graph/node.js';
import { scaledDense } from './products-last.js';

/** sum = other + term, where term is scale · product, perhaps in another shape: one instruction, in the memory of `other`. */
export interface ScaledSum {
  readonly product: Node;
  readonly scaled: Node;
  readonly scale: Node;
  readonly term: Node;
  readonly sum: Node;
  readonly other: Node;
}

/** What a loop knows of its nodes. */
interface Loop {
  users(x: Node): readonly (Node | undefined)[];
  /** Computed by the loop, not read from outside. */
  computes(x: Node): boolean;
  /** Computed by the loop, in memory of its own that only one operation reads. */
  isOwned(x: Node): boolean;
  /** Left to the operation that uses it. */
  isFused(x: Node): boolean;
}

/**
 * Finds the dense products that are scaled and added to something. Their kernel has the product in registers: what it stores may as
 * well be the sum, and the product itself where that is wanted too.
 * @returns by product, by scaled value and by sum
 */
export function planScaledSums(nodes: readonly Node[], loop: Loop): Map<Node, ScaledSum> {
  const found = new Map<Node, ScaledSum>();
  const only = (x: Node) => (loop.users(x).length === 1 ? loop.users(x)[0] : undefined);
  for (const scaled of nodes) {
    if (!loop.computes(scaled)) continue;
    const { product, scale } = scaledDense(scaled) ?? {};
    if (!product || !scale || found.has(product) || !loop.computes(scale)) continue;
    if (size(scale.shape) !== size(scaled.shape)) continue;
    const user = only(scaled);
    const term = user?.op === 'reshape' ? user : scaled;
    const sum = only(term);
    const other = sum?.op === 'add' ? sum.inputs.find((x) => x !== term) : undefined;
    if (!sum || !other || found.has(sum) || !loop.isOwned(other) || !shapesEqual(other.shape, term.shape)) continue;
    const takesOther = (x: Node) => loop.isFused(x) || x.inputs.some((y) => y !== product && loop.isFused(y));
    if (loop.isFused(other) || takesOther(sum) || takesOther(scaled)) continue;
    const plan = { product, scaled, scale, term, sum, other };
    for (const node of [product, scaled, sum]) found.set(node, plan);
  }
  return found;
}
