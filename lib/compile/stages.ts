import { type MapAxis, type Node, topological } from '../graph/node.js';

/**
 * The order of a program's loops. A value's level is the number of reductions over samples (or gathered arrays) it has to
 * wait for. At each level the shared values come first, in a flat loop, then one lanes loop an axis, which ends in the
 * sums and arrays that the next level reads. A loop recomputes the per-sample values it needs: they are never stored.
 */
export interface Stage {
  readonly level: number;
  /** Shared values computed at this level. */
  readonly uniform: readonly Node[];
  readonly loops: readonly { readonly axis: MapAxis; readonly roots: readonly Node[] }[];
}

const isRoot = (node: Node): boolean => node.op === 'batchSum' || node.op === 'unbatch';

export function stagesOf(outputs: readonly Node[]): Stage[] {
  const nodes = topological(outputs);
  const levels = new Map<Node, number>();
  for (const node of nodes) {
    const base = Math.max(0, ...node.inputs.map((x) => levels.get(x)!));
    levels.set(node, isRoot(node) ? base + 1 : base);
  }
  const last = Math.max(0, ...levels.values());
  return Array.from({ length: last + 1 }, (_, level) => {
    const roots = nodes.filter((node) => isRoot(node) && levels.get(node) === level + 1);
    const axes = [...new Set(roots.map((node) => node.attrs.axis!))];
    return {
      level,
      uniform: nodes.filter((node) => node.axes.length === 0 && !isRoot(node) && levels.get(node) === level),
      loops: axes.map((axis) => ({ axis, roots: roots.filter((node) => node.attrs.axis === axis) })),
    };
  });
}
