import { materialize } from '../graph/materialize.js';
import { type MapAxis, type Node, topological } from '../graph/node.js';

/**
 * Chooses which mapped axes run along the lanes: of axes that some value is mapped over together only one can, and the
 * longest does of those that (nearly) all the work is mapped over; the others become ordinary axes of the per-sample values
 * (columns). So every value ends up with one mapped axis or none.
 */
export function chooseLanes(outputs: readonly Node[]): Node[] {
  let current = [...outputs];
  for (;;) {
    const together = coOccurrences(current);
    const work = workOver(current);
    const most = Math.max(0, ...work.values());
    const covers = (axis: MapAxis): number => (work.get(axis)! >= NEARLY_ALL * most ? 1 : 0);
    const axes = [...together.keys()].sort((a, b) => covers(b) - covers(a) || b.size - a.size || a.id - b.id);
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

/**
 * A map over an ensemble of models and one over the rows of the data cover the same work, so the longer is taken; the rows of a
 * kernel that some product was found to run over do not, however many they are.
 */
const NEARLY_ALL = 0.9;

/** Per axis, the entry-by-entry work of all values mapped over it. */
function workOver(outputs: readonly Node[]): Map<MapAxis, number> {
  const total = new Map<MapAxis, number>();
  for (const node of topological(outputs)) {
    if (node.axes.length === 0) continue;
    const lengths = new Map<number, number>();
    node.attrs.labels?.forEach((list, p) => {
      list.forEach((label, i) => {
        lengths.set(label, node.inputs[p]!.shape[i]!);
      });
    });
    const entries = node.op === 'einsum' ? [...lengths.values()] : node.shape;
    const work = [...entries, ...node.axes.map((axis) => axis.size)].reduce((n, length) => n * length, 1);
    for (const axis of node.axes) total.set(axis, (total.get(axis) ?? 0) + work);
  }
  return total;
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
