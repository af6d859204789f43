import type { MapAxis, Node } from '../graph/node.js';
import { type Graph, topological } from '../graph/node.js';
import { attributesKey } from '../graph/simplify.js';

/**
 * A text that two graphs share if and only if they are the same computation: same operations in the same order on the same
 * shapes. Captured arrays count by identity, mapped axes by order of appearance.
 */
export function fingerprint(graph: Graph): string {
  const numbers = new Map<Node, number>();
  const axes = new Map<MapAxis, number>();
  const axisKey = (axis: MapAxis): string => {
    if (!axes.has(axis)) axes.set(axis, axes.size);
    return `${axes.get(axis)}*${axis.size}`;
  };
  graph.inputs.forEach((node, i) => {
    numbers.set(node, i);
  });
  const parts = graph.inputs.map((node) => `${node.dtype}[${node.shape}]`);
  for (const node of topological(graph.outputs)) {
    if (node.op === 'input') continue;
    numbers.set(node, numbers.size);
    const { axis, ...plain } = node.attrs;
    const attributes = attributesKey({ op: node.op, attrs: plain });
    const own = axis ? axisKey(axis) : '';
    parts.push(`${node.op}(${node.inputs.map((x) => numbers.get(x))})${attributes}${own}[${node.shape}]${node.dtype}`);
  }
  return `${parts.join('|')}=>${graph.outputs.map((node) => numbers.get(node))}`;
}
