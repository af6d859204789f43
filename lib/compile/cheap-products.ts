import { shapesEqual, size } from '../array/shape.js';
import { mul, rebuild } from '../graph/build.js';
import { type Node, topological } from '../graph/node.js';
import { isDense, scaledDense } from './products-last.js';
import { usersOf } from './rebuild.js';

export const isProduct = (node: Node): boolean => node.op === 'mul' && node.axes.length > 0;
/** One number a sample. */
export const isOneNumber = (x: Node): boolean => size(x.shape) === 1 && x.axes.length > 0;

/**
 * Products s·x of one array and one number a sample that are only multiplied by one array or another: with that one they are a
 * product of three, and no operation of their own.
 */
export function cheapProducts(users: ReadonlyMap<Node, readonly (Node | undefined)[]>): (node: Node) => boolean {
  const isDenseTerm = (x: Node): boolean => {
    const inner = x.op === 'reshape' ? x.inputs[0]! : x;
    return isDense(inner) || scaledDense(inner) !== undefined;
  };
  // A product of two that is added to something is a multiply-add already; a dense product adds itself.
  const isMultiplyAdd = (node: Node): boolean => {
    const [user, ...others] = users.get(node)!;
    if (others.length > 0 || (user?.op !== 'add' && user?.op !== 'sub')) return false;
    return !user.inputs.some((x) => x !== node && isDenseTerm(x));
  };
  const isOfThree = (user: Node | undefined, node: Node): boolean =>
    user !== undefined &&
    isProduct(user) &&
    shapesEqual(user.shape, node.shape) &&
    !isMultiplyAdd(user) &&
    user.inputs.every((x) => x === node || !isProduct(x) || users.get(x)!.length > 1);
  return (node) =>
    isProduct(node) &&
    size(node.shape) > 1 &&
    node.inputs.some(isOneNumber) &&
    // Not of products again: a chain of them would be written out as many times as it is long.
    node.inputs.every((x) => isOneNumber(x) || !isProduct(x)) &&
    users.get(node)!.every((user) => isOfThree(user, node));
}

/** Gives every product that takes in such an s·x one of its own, which the lowering finds to have no other use. */
export function repeatCheap(outputs: readonly Node[]): Node[] {
  const nodes = topological(outputs);
  const cheap = new Set(nodes.filter(cheapProducts(usersOf(nodes, outputs))));
  const done = new Map<Node, Node>();
  for (const node of nodes) {
    const inputs = node.inputs.map((x) => {
      const moved = done.get(x)!;
      return cheap.has(x) ? mul(...(moved.inputs as [Node, Node])) : moved;
    });
    done.set(node, rebuild(node, inputs));
  }
  return outputs.map((node) => done.get(node)!);
}
