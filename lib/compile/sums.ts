import { shapesEqual } from '../array/shape.js';
import { add, batchSum, rebuild } from '../graph/build.js';
import { type MapAxis, type Node, topological } from '../graph/node.js';
import { spread, usersOf } from './rebuild.js';

/**
 * Sums over the same samples that are added up anyway share one accumulator: Σ a + Σ b = Σ (a + b). The gradient of a weight
 * that a value, its tangents and its adjoint pass over is one sum of three products, however many other sums (over boundary
 * points, say) stand between its terms.
 */
export function mergeSums(outputs: readonly Node[]): Node[] {
  const nodes = topological(outputs);
  const users = usersOf(nodes, outputs);
  const done = new Map<Node, Node>();
  // An addition that only serves a larger one of the same shape is a part of it.
  const isPart = (node: Node): boolean => {
    const [user, ...others] = users.get(node) ?? [];
    return node.op === 'add' && others.length === 0 && user?.op === 'add' && shapesEqual(user.shape, node.shape);
  };
  const terms = (node: Node): Node[] => spread(node, isPart).map((x) => done.get(x)!);
  for (const node of nodes) {
    const moved = rebuild(
      node,
      node.inputs.map((x) => done.get(x)!),
    );
    done.set(node, node.op === 'add' && !isPart(node) ? merged(moved, terms(node)) : moved);
  }
  return outputs.map((node) => done.get(node)!);
}

/** The sum of `terms`, sums over the same samples taken together; `node` itself if there are no two of these. */
function merged(node: Node, terms: readonly Node[]): Node {
  const sums = new Map<MapAxis, Node[]>();
  for (const term of terms) {
    if (term.op !== 'batchSum' || !shapesEqual(term.shape, node.shape)) continue;
    const axis = term.attrs.axis!;
    sums.set(axis, [...(sums.get(axis) ?? []), term]);
  }
  if (![...sums.values()].some((list) => list.length > 1)) return node;
  const rest = terms.filter((term) => !(term.op === 'batchSum' && shapesEqual(term.shape, node.shape)));
  const totals = [...sums].map(([axis, list]) => batchSum(list.map((sum) => sum.inputs[0]!).reduce(add), axis));
  return [...totals, ...rest].reduce(add);
}
