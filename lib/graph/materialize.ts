import { shapesEqual } from '../array/shape.js';
import { NablaError } from '../runtime/errors.js';
import { broadcastTo, einsum, elementwiseNode, pad, rebuild, reshape, slice, transpose } from './build.js';
import { elementwiseRule } from './elementwise.js';
import { type MapAxis, type Node, topological } from './node.js';

/**
 * Turns a mapped axis into an ordinary one: every value mapped over `axis` becomes a value with one more axis, the last,
 * of the axis' size. This is how the d tangents of a Hessian become d columns of one panel: transforms write their rules
 * for one tangent, and this pass is the only place that knows of several.
 *
 * Axis numbers stay what they are, because the new axis is the last one.
 */
export function materialize(outputs: readonly Node[], axis: MapAxis): Node[] {
  const done = new Map<Node, Node>();
  const get = (x: Node): Node => done.get(x)!;
  for (const node of topological(outputs)) {
    const mapped = node.axes.includes(axis) || node.attrs.axis === axis;
    done.set(node, mapped ? withColumns(node, axis, get) : rebuild(node, node.inputs.map(get)));
  }
  return outputs.map(get);
}

const moveToEnd = (rank: number, dim: number): number[] => [...Array(rank).keys()].filter((i) => i !== dim).concat(dim);

function withColumns(node: Node, axis: MapAxis, get: (x: Node) => Node): Node {
  const operands = node.inputs.map(get);
  const wide = node.inputs.map((x) => x.axes.includes(axis));
  const x = operands[0]!;
  const { start, dim } = node.attrs;
  const shape = [...node.shape, axis.size];

  if (elementwiseRule(node.op)) {
    // Operands align at the last axis, so what has no columns gets one column; a scalar broadcasts by itself.
    const aligned = operands.map((y, p) => {
      if (wide[p]) {
        const missing = shape.length - y.shape.length;
        const [column] = y.shape.slice(-1);
        return missing > 0 ? reshape(y, [...shape.slice(0, missing).fill(1), ...y.shape.slice(0, -1), column!]) : y;
      }
      return y.shape.length === 0 ? y : reshape(y, [...y.shape, 1]);
    });
    return elementwiseNode(node.op as never, ...aligned);
  }
  switch (node.op) {
    case 'einsum': {
      const { labels, out } = node.attrs as { labels: number[][]; out: number[] };
      const column = Math.max(0, ...labels.flat(), ...out) + 1;
      return einsum(
        operands,
        labels.map((l, p) => (wide[p] ? [...l, column] : l)),
        [...out, column],
      );
    }
    case 'reshape':
      return reshape(x, shape);
    case 'broadcast':
      return broadcastTo(x, shape);
    case 'slice':
      return slice(x, [...start!, 0], shape);
    case 'pad':
      return pad(x, [...start!, 0], shape);
    case 'concatenate':
      return rebuild(
        node,
        operands.map((y, p) => (wide[p] ? y : broadcastTo(reshape(y, [...y.shape, 1]), [...y.shape, axis.size]))),
      );
    case 'batch':
      if (node.attrs.axis === axis) return transpose(x, moveToEnd(x.shape.length, dim!));
      return rebuild(node, operands);
    case 'unbatch':
      if (node.attrs.axis === axis) {
        const perm = [...Array(x.shape.length - 1).keys()];
        perm.splice(dim!, 0, x.shape.length - 1);
        return transpose(x, perm);
      }
      return rebuild(node, operands);
    case 'batchSum':
      if (node.attrs.axis === axis) {
        const labels = [...Array(x.shape.length).keys()];
        return einsum([x], [labels], labels.slice(0, -1));
      }
      return rebuild(node, operands);
    case 'copy':
    case 'convert':
      return rebuild(node, operands);
    default:
      throw new NablaError('ERR_NABLA_INTERNAL', `${node.op} cannot be mapped`);
  }
}

/** Shape, dtype and axes of every node follow from its operands: rebuilding each must reproduce them. For tests. */
export function typeCheck(outputs: readonly Node[]): void {
  for (const node of topological(outputs)) {
    if (node.inputs.length === 0) continue;
    if (node.op === 'batch' && node.inputs[0]!.axes.includes(node.attrs.axis!)) {
      throw new NablaError(
        'ERR_NABLA_INTERNAL',
        `graph: batch #${node.id} maps a value over an axis it is mapped over`,
      );
    }
    // A fresh attribute object makes `rebuild` run the builder again.
    const again = rebuild(node, node.inputs, { ...node.attrs });
    const same =
      shapesEqual(again.shape, node.shape) && again.dtype === node.dtype && shapesEqual(ids(again), ids(node));
    if (!same) {
      throw new NablaError(
        'ERR_NABLA_INTERNAL',
        `graph: ${node.op} #${node.id} has shape [${node.shape}], rules say [${again.shape}]`,
      );
    }
  }
}

const ids = (node: Node): number[] => node.axes.map((axis) => axis.id);
