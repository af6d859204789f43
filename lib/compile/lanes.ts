import { materialize } from '../graph/materialize.js';
import { type MapAxis, type Node, topological } from '../graph/node.js';

/**
 * Chooses which mapped axes run along the lanes: of axes that some value is mapped over together only one can, and the
 * longest does; the others become ordinary axes of the per-sample values (columns). So every value ends up with one mapped
 * axis or none.
 */
export function chooseLanes(outputs: readonly Node[]): Node[] {
  let current = [...outputs];
  for (;;) {
    const together = coOccurrences(current);
    const axes = [...together.keys()].sort((a, b) => b.size - a.size || a.id - b.id);
    const lanes = new Set<MapAxis>();
    let column: MapAxis | undefined;
    for (const axis of axes) {
      if ([...together.get(axis)!].some((other) => lanes.has(other))) {
        column = axis;
        break;
      }
      lanes.add(axis);
    }
    if (!column) return current;
    current = materialize(current, column);
  }
}

function coOccurrences(outputs: readonly Node[]): Map<MapAxis, Set<MapAxis>> {
  const together = new Map<MapAxis, Set<MapAxis>>();
  for (const node of topological(outputs)) {
    for (const axis of node.axes) {
      const others = together.get(axis) ?? new Set();
      together.set(axis, others);
      for (const other of node.axes) if (other !== axis) others.add(other);
    }
  }
  return together;
}
