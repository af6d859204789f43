import { shapesEqual } from '../array/shape.js';
import { mul } from '../graph/build.js';
import { type Node, rebuildGraph } from './rebuild.js';

/**
 * Products of three that can use a product of two which is there anyway: (x·s)·y = x·(s·y) where s·y is known. The curvature
 * weight of an activation, −2t·s·v̄, so becomes −2t times the adjoint s·v̄ that the sweep back needs in any case. And (x·s)·s = x·s²
 * where s is the same for all samples: s² is computed once. (Not for two different ones, whose product may be out of range where
 * neither (x·s) nor (x·s)·y is: that is for who wrote it to decide.)
 */
export function reassociate(outputs: readonly Node[]): Node[] {
  const products = new Map<string, Node>();
  const key = (a: Node, b: Node): string => (a.id < b.id ? `${a.id},${b.id}` : `${b.id},${a.id}`);
  const known = (a: Node, b: Node): Node | undefined => products.get(key(a, b));

  // A first look collects what products there are; nodes keep their identity as long as nothing below them changes.
  rebuildGraph(outputs, (node) => {
    if (node.op === 'mul') products.set(key(node.inputs[0]!, node.inputs[1]!), node);
    return node;
  });
  return rebuildGraph(outputs, (node) => {
    if (node.op !== 'mul') return node;
    for (const [p, y] of [node.inputs, node.inputs.toReversed()] as [Node, Node][]) {
      if (p.op !== 'mul') continue;
      for (const [x, s] of [p.inputs, p.inputs.toReversed()] as [Node, Node][]) {
        if (s === y && s.axes.length === 0 && x.axes.length > 0) return mul(x, mul(s, s));
      }
      if (!shapesEqual(p.shape, node.shape)) continue;
      for (const [x, s] of [p.inputs, p.inputs.toReversed()] as [Node, Node][]) {
        const shared = known(s, y);
        if (shared && shared !== node && shapesEqual(shared.shape, node.shape)) return mul(x, shared);
      }
    }
    return node;
  });
}
