import { createHash } from 'node:crypto';
import type { TypedArray } from '../array/array.js';
import { type Graph, type MapAxis, type Node, topological } from '../graph/node.js';
import { attributesKey } from '../graph/simplify.js';

/** Captured arrays up to this many entries are part of the program, by their numbers; the compiler may compute with them. */
export const EMBEDDED = 4096;

/** What a graph computes. */
export interface Fingerprint {
  /** A text that two graphs share if and only if they are the same computation, whatever the numbers in large captured arrays. */
  readonly key: string;
  /** The large captured arrays, each once, in order of appearance: their place counts, and not their numbers. */
  readonly captured: readonly TypedArray[];
}

/** The fingerprint of a graph: its operations in order, on their shapes; mapped axes by order of appearance. */
export function fingerprint(graph: Graph): Fingerprint {
  const numbers = new Map<Node, number>();
  const axes = new Map<MapAxis, number>();
  const axisKey = (axis: MapAxis): string => {
    if (!axes.has(axis)) axes.set(axis, axes.size);
    return `${axes.get(axis)}*${axis.size}`;
  };
  const captured = new Map<TypedArray, number>();
  const dataKey = (data: TypedArray): string => {
    if (data.length <= EMBEDDED) return `=${contentKey(data)}`;
    if (!captured.has(data)) captured.set(data, captured.size);
    return `@${captured.get(data)}`;
  };
  graph.inputs.forEach((node, i) => {
    numbers.set(node, i);
  });
  const parts = graph.inputs.map((node) => `${node.dtype}[${node.shape}]`);
  for (const node of topological(graph.outputs)) {
    if (node.op === 'input') continue;
    numbers.set(node, numbers.size);
    const { axis, value, ...plain } = node.attrs;
    const attributes =
      value?.kind === 'data' ? dataKey(value.data) : attributesKey({ op: node.op, attrs: { value, ...plain } });
    // A copy may be mapped over axes its operand is not mapped over.
    const own = axis ? axisKey(axis) : node.op === 'copy' ? node.axes.map(axisKey).join() : '';
    parts.push(`${node.op}(${node.inputs.map((x) => numbers.get(x))})${attributes}${own}[${node.shape}]${node.dtype}`);
  }
  return {
    key: `${parts.join('|')}=>${graph.outputs.map((node) => numbers.get(node))}`,
    captured: [...captured.keys()],
  };
}

/** The bits of a few numbers, or a hash of them. */
function contentKey(data: TypedArray): string {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return bytes.length <= 32 ? bytes.toString('base64') : createHash('sha256').update(bytes).digest('base64');
}
