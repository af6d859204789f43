import { shapesEqual } from '../array/shape.js';
import { fullValue } from '../graph/build.js';
import type { Node } from '../graph/node.js';
import type { ActivationOp, Op } from './opcodes.js';

/** An entrywise operation of three operands that stands for two of the graph. */
interface Ternary {
  readonly op: Extract<Op, 'fma' | 'fnma' | 'fms' | 'mulMul'>;
  readonly operands: readonly [Node, Node, Node];
  /** The inner product, which is not computed on its own. */
  readonly inner: Node;
}

/**
 * a·b + c, c − a·b, a·b − c and (a·b)·c in one pass over memory. With multiply-adds the product is not rounded.
 * @param alone whether a product has no other user
 */
function ternaryOf(node: Node, alone: (x: Node) => boolean): Ternary | undefined {
  const [a, b] = node.inputs as [Node, Node | undefined];
  if (b === undefined) return undefined;
  const product = (x: Node): readonly [Node, Node] | undefined => {
    if (!alone(x) || !shapesEqual(x.shape, node.shape)) return undefined;
    if (x.op === 'square') return [x.inputs[0]!, x.inputs[0]!];
    return x.op === 'mul' ? (x.inputs as [Node, Node]) : undefined;
  };
  let [p, q] = [product(a), product(b)];
  // Of two products one that would itself be one of three operands stays whole.
  const isOfThree = (factors: readonly [Node, Node]) => factors.some((x) => product(x) !== undefined);
  if (p && q && isOfThree(p)) p = undefined;
  else if (p && q && isOfThree(q)) q = undefined;
  switch (node.op) {
    case 'add':
      if (p) return { op: 'fma', operands: [...p, b], inner: a };
      return q && { op: 'fma', operands: [...q, a], inner: b };
    case 'sub':
      if (q) return { op: 'fnma', operands: [...q, a], inner: b };
      return p && { op: 'fms', operands: [...p, b], inner: a };
    case 'mul':
      if (p) return { op: 'mulMul', operands: [...p, b], inner: a };
      return q && { op: 'mulMul', operands: [...q, a], inner: b };
    default:
      return undefined;
  }
}

/** A nonlinearity whose derivative is wanted too. */
export interface ActivationPair {
  readonly op: ActivationOp;
  readonly z: Node;
  readonly value: Node;
  readonly slope: Node;
}

/**
 * Finds f(z) and f'(z) among the nodes of a loop: tanh and 1 − tanh², sin and cos, sigmoid and σ(1 − σ), softplus and sigmoid.
 * @returns by value node and by slope node
 */
function activationPairs(nodes: readonly Node[]): Map<Node, ActivationPair> {
  const pairs = new Map<Node, ActivationPair>();
  const here = new Set(nodes);
  const byOperand = new Map<string, Node>();
  for (const node of nodes) {
    if (node.inputs.length === 1) byOperand.set(`${node.op}:${node.inputs[0]!.id}`, node);
  }
  const add = (op: ActivationOp, value: Node | undefined, slope: Node | undefined) => {
    if (!value || !slope || !here.has(value) || pairs.has(value) || pairs.has(slope)) return;
    const pair = { op, z: value.inputs[0]!, value, slope };
    pairs.set(value, pair);
    pairs.set(slope, pair);
  };
  for (const node of nodes) {
    const [a, b] = node.inputs as [Node | undefined, Node | undefined];
    if (node.op === 'sub' && b?.op === 'square' && b.inputs[0]!.op === 'tanh' && fullValue(a!) === 1)
      add('tanh', b.inputs[0], node);
    if (node.op === 'cos') add('sin', byOperand.get(`sin:${a!.id}`), node);
    if (node.op === 'sigmoid') add('softplus', byOperand.get(`softplus:${a!.id}`), node);
    if (
      node.op === 'mul' &&
      a?.op === 'sigmoid' &&
      b?.op === 'sub' &&
      fullValue(b.inputs[0]!) === 1 &&
      b.inputs[1] === a
    ) {
      add('sigmoid', a, node);
    }
  }
  return pairs;
}

/** Which nodes of a loop are computed together with others. */
export interface EntrywisePlan {
  readonly activations: ReadonlyMap<Node, ActivationPair>;
  readonly ternaries: ReadonlyMap<Node, Ternary>;
  /** Nodes that are not computed on their own. */
  readonly inner: ReadonlySet<Node>;
}

/**
 * Plans the entrywise operations of a loop.
 * @param nodes what the loop computes, operands first
 * @param absorbs nodes that are one instruction with something else already
 */
export function planEntrywise(
  nodes: readonly Node[],
  users: (x: Node) => readonly (Node | undefined)[],
  absorbs: (x: Node) => boolean,
): EntrywisePlan {
  const here = new Set(nodes);
  const activations = activationPairs(nodes);
  const ternaries = new Map<Node, Ternary>();
  const inner = new Set<Node>();
  // The square of a tanh, or 1 − sigmoid, that served only the slope.
  for (const { op, slope } of activations.values()) {
    const step = op === 'tanh' || op === 'sigmoid' ? slope.inputs[1]! : undefined;
    if (step && users(step).length === 1) inner.add(step);
  }
  const alone = (x: Node): boolean =>
    here.has(x) && users(x).length === 1 && !inner.has(x) && !activations.has(x) && !ternaries.has(x) && !absorbs(x);
  for (const node of nodes.toReversed()) {
    if (inner.has(node) || activations.has(node) || absorbs(node)) continue;
    const ternary = ternaryOf(node, alone);
    if (!ternary) continue;
    ternaries.set(node, ternary);
    inner.add(ternary.inner);
  }
  return { activations, ternaries, inner };
}
