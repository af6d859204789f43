import { shapesEqual } from '../array/shape.js';
import { add, batchSum } from '../graph/build.js';
import type { Node } from '../graph/node.js';
import { rebuildGraph } from './rebuild.js';

/**
 * Sums over the same samples that are added up anyway share one accumulator: Σ a + Σ b = Σ (a + b). The gradient of a weight
 * that a value, its tangents and its adjoint pass over is one sum of three products.
 */
export function mergeSums(outputs: readonly Node[]): Node[] {
  return rebuildGraph(outputs, (node) => {
    if (node.op !== 'add') return node;
    const [a, b] = node.inputs as [Node, Node];
    const axis = a.attrs.axis;
    if (a.op !== 'batchSum' || b.op !== 'batchSum' || axis === undefined || axis !== b.attrs.axis) return node;
    return shapesEqual(a.shape, b.shape) ? batchSum(add(a.inputs[0]!, b.inputs[0]!), axis) : node;
  });
}
