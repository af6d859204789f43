import { shapesEqual } from '../array/shape.js';
import { add, rebuild } from '../graph/build.js';
import { type Node, topological } from '../graph/node.js';
import { spread, usersOf } from './rebuild.js';

/**
 * Sums of several values a sample with the products of shared matrices at their ends: the kernel of such a product adds it to what
 * is there, while a value that comes after it takes a pass of its own. Scaled products (s · Wx) come before plain ones, which more
 * sums have.
 */
export function productsLast(outputs: readonly Node[]): Node[] {
  const nodes = topological(outputs);
  const users = usersOf(nodes, outputs);
  const isSum = (node: Node): boolean =>
    node.op === 'add' && node.inputs.every((x) => shapesEqual(x.shape, node.shape) && x.axes.length > 0);
  const only = (node: Node): Node | undefined => (users.get(node)!.length === 1 ? users.get(node)![0] : undefined);
  const isPart = (node: Node): boolean => {
    const user = only(node);
    return isSum(node) && user !== undefined && isSum(user);
  };
  const rank = (term: Node): number => {
    if (only(term) === undefined) return 0;
    const inner = term.op === 'reshape' ? term.inputs[0]! : term;
    if (isDense(inner)) return 2;
    return scaledDense(inner) !== undefined && only(inner) !== undefined ? 1 : 0;
  };
  // What goes to an accumulator is summed term by term.
  const isSummed = (node: Node): boolean => users.get(node)!.some((user) => user?.op === 'batchSum');
  const done = new Map<Node, Node>();
  for (const node of nodes) {
    const inputs = node.inputs.map((x) => done.get(x)!);
    done.set(node, rebuild(node, inputs));
    if (!isSum(node) || isPart(node) || isSummed(node)) continue;
    const all = spread(node, isPart);
    const ordered = all.toSorted((a, b) => rank(a) - rank(b));
    if (ordered.every((term, i) => term === all[i])) continue;
    done.set(node, ordered.map((term) => done.get(term)!).reduce(add));
  }
  return outputs.map((node) => done.get(node)!);
}

/** A product of a shared matrix with what each sample has. */
export const isDense = (node: Node): boolean =>
  node.op === 'einsum' && node.inputs.length === 2 && node.inputs.filter((x) => x.axes.length > 0).length === 1;

/** The dense product and the scale of s · Wx; of two products the later one, which the other cannot wait for. */
export function scaledDense(node: Node): { readonly product: Node; readonly scale: Node } | undefined {
  if (node.op !== 'mul') return undefined;
  const [a, b] = node.inputs.map((x) => (x.op === 'reshape' ? x.inputs[0]! : x)) as [Node, Node];
  for (const i of a.id > b.id ? [0, 1] : [1, 0]) {
    const [product, x, scale] = [[a, b][i]!, node.inputs[i]!, node.inputs[1 - i]!];
    if (isDense(product) && shapesEqual(x.shape, node.shape) && scale.axes.length > 0) return { product, scale };
  }
  return undefined;
}
