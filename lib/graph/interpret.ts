import { ConcreteArray, type DType, type TypedArray } from '../array/array.js';
import { rowMajorStrides, size } from '../array/shape.js';
import { NablaError } from '../runtime/errors.js';
import { elementwiseRule } from './elementwise.js';
import { type MapAxis, type Node, topological } from './node.js';

/**
 * The reference interpreter: evaluates any graph, operation by operation, in the plainest way. It is the oracle for the
 * compiler and the native executor, and runs single operations on arrays outside any trace. Arithmetic is in float64;
 * float32 values are rounded after every operation.
 *
 * A value is stored as [...mapped axes in order of id, ...shape], row-major.
 */
export function interpret(outputs: readonly Node[], inputs: readonly ConcreteArray[]): ConcreteArray[] {
  const values = new Map<Node, TypedArray>();
  for (const node of topological(outputs)) {
    values.set(
      node,
      evaluate(node, (x) => values.get(x)!, inputs),
    );
  }
  return outputs.map((node) => {
    if (node.axes.length > 0) throw new NablaError('ERR_NABLA_INTERNAL', 'a mapped value left its map');
    return new ConcreteArray(values.get(node)!, node.shape);
  });
}

export function allocate(dtype: DType, n: number): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(n);
    case 'float64':
      return new Float64Array(n);
    case 'int32':
      return new Int32Array(n);
    case 'uint32':
      return new Uint32Array(n);
    case 'bool':
      return new Uint8Array(n);
    default:
      return dtype satisfies never;
  }
}

/** Lengths of a value as stored. */
const storedDims = (node: Node): number[] => [...node.axes.map((axis) => axis.size), ...node.shape];

/** For a stored value, the stride of each mapped axis and of each axis of the shape. */
function stridesOf(node: Node): { axis: (a: MapAxis) => number; dim: readonly number[] } {
  const strides = rowMajorStrides(storedDims(node));
  return {
    axis: (a) => {
      const i = node.axes.indexOf(a);
      return i < 0 ? 0 : strides[i]!;
    },
    dim: strides.slice(node.axes.length),
  };
}

/** Calls `visit` with the offsets of the operands, for every index of `dims` in row-major order. */
function forEachIndex(
  dims: readonly number[],
  strides: readonly (readonly number[])[],
  visit: (offsets: number[]) => void,
): void {
  const offsets = strides.map(() => 0);
  const index = dims.map(() => 0);
  for (let left = size(dims); left > 0; left--) {
    visit(offsets);
    for (let i = dims.length - 1; i >= 0; i--) {
      index[i]!++;
      for (let p = 0; p < offsets.length; p++) offsets[p]! += strides[p]![i]!;
      if (index[i]! < dims[i]!) break;
      for (let p = 0; p < offsets.length; p++) offsets[p]! -= strides[p]![i]! * dims[i]!;
      index[i] = 0;
    }
  }
}

function evaluate(node: Node, value: (x: Node) => TypedArray, inputs: readonly ConcreteArray[]): TypedArray {
  const out = allocate(node.dtype, size(storedDims(node)));
  const rule = elementwiseRule(node.op);
  if (rule) {
    const operands = node.inputs.map(value);
    const strides = node.inputs.map((x) => broadcastStrides(x, node));
    const [a, b, c] = operands;
    let i = 0;
    forEachIndex(storedDims(node), strides, ([oa, ob, oc]) => {
      out[i++] = rule.evaluate(a![oa!]!, b?.[ob!] ?? 0, c?.[oc!] ?? 0);
    });
    return out;
  }
  const x = node.inputs[0];
  const { start, dim, axis } = node.attrs;
  switch (node.op) {
    case 'input':
      return inputs[node.attrs.index!]!.data;
    case 'constant': {
      const constant = node.attrs.value!;
      if (constant.kind === 'data') return constant.data;
      if (constant.kind === 'full') return out.fill(constant.value);
      for (let i = 0; i < node.shape[0]!; i++) out[i * (node.shape[0]! + 1)] = 1;
      return out;
    }
    case 'copy':
      return gather(out, storedDims(node), value(x!), broadcastStrides(x!, node), 0);
    case 'reshape':
      return value(x!);
    case 'convert':
      out.set(value(x!));
      return out;
    case 'einsum':
      return einsumValue(node, value, out);
    case 'broadcast':
      return gather(out, storedDims(node), value(x!), broadcastStrides(x!, node), 0);
    case 'slice': {
      const { dim: strides } = stridesOf(x!);
      const offset = start!.reduce((total, s, i) => total + s * strides[i]!, 0);
      return gather(out, storedDims(node), value(x!), rowMajorStrides(storedDims(x!)), offset);
    }
    case 'pad':
      return scatter(out, node, value(x!), storedDims(x!), start!);
    case 'concatenate': {
      let at = 0;
      for (const operand of node.inputs) {
        const origin = operand.shape.map((_, i) => (i === dim ? at : 0));
        const dims = [...node.axes.map((a) => a.size), ...operand.shape];
        const whole = gather(allocate(node.dtype, size(dims)), dims, value(operand), alignedStrides(operand, node), 0);
        scatter(out, node, whole, dims, origin);
        at += operand.shape[dim!]!;
      }
      return out;
    }
    case 'batch': {
      const from = stridesOf(x!);
      const axes = node.axes.map((a) => (a === axis ? from.dim[dim!]! : from.axis(a)));
      return gather(out, storedDims(node), value(x!), [...axes, ...from.dim.filter((_, i) => i !== dim)], 0);
    }
    case 'unbatch': {
      const from = stridesOf(x!);
      const shape = [...from.dim.slice(0, dim), from.axis(axis!), ...from.dim.slice(dim)];
      return gather(out, storedDims(node), value(x!), [...node.axes.map(from.axis), ...shape], 0);
    }
    case 'batchSum': {
      const from = stridesOf(x!);
      const outer = storedDims(node);
      const to = rowMajorStrides(outer);
      const data = value(x!);
      const total = new Float64Array(out.length);
      forEachIndex(
        [...outer, axis!.size],
        [
          [...to, 0],
          [...node.axes.map(from.axis), ...from.dim, from.axis(axis!)],
        ],
        ([o, i]) => {
          total[o!]! += data[i!]!;
        },
      );
      out.set(total);
      return out;
    }
    default:
      throw new NablaError('ERR_NABLA_INTERNAL', `no evaluation for ${node.op}`);
  }
}

/** Strides that read `x` at the indices of `node`, repeating axes of length 1 and axes `x` is not mapped over. */
function broadcastStrides(x: Node, node: Node): number[] {
  const from = stridesOf(x);
  const missing = node.shape.length - x.shape.length;
  const dims = node.shape.map((_, i) => (i < missing || x.shape[i - missing] === 1 ? 0 : from.dim[i - missing]!));
  return [...node.axes.map(from.axis), ...dims];
}

/** As `broadcastStrides` for a value of the same rank whose lengths may differ: only mapped axes repeat. */
function alignedStrides(x: Node, node: Node): number[] {
  const from = stridesOf(x);
  return [...node.axes.map(from.axis), ...from.dim];
}

function gather(
  out: TypedArray,
  dims: readonly number[],
  from: TypedArray,
  strides: readonly number[],
  offset: number,
): TypedArray {
  let i = 0;
  forEachIndex(dims, [strides], ([o]) => {
    out[i++] = from[o! + offset]!;
  });
  return out;
}

function scatter(
  out: TypedArray,
  node: Node,
  from: TypedArray,
  dims: readonly number[],
  start: readonly number[],
): TypedArray {
  const { dim } = stridesOf(node);
  const offset = start.reduce((total, s, i) => total + s * dim[i]!, 0);
  let i = 0;
  forEachIndex(dims, [rowMajorStrides(storedDims(node))], ([o]) => {
    out[o! + offset] = from[i++]!;
  });
  return out;
}

function einsumValue(node: Node, value: (x: Node) => TypedArray, out: TypedArray): TypedArray {
  const { labels, out: outLabels } = node.attrs as { labels: number[][]; out: number[] };
  const sizes = new Map<number, number>();
  node.inputs.forEach((x, p) => labels[p]!.forEach((label, i) => sizes.set(label, x.shape[i]!)));
  const summed = [...sizes.keys()].filter((label) => !outLabels.includes(label));
  const loop = [...outLabels, ...summed];
  const dims = [...node.axes.map((a) => a.size), ...loop.map((label) => sizes.get(label)!)];
  const strides = node.inputs.map((x, p) => {
    const from = stridesOf(x);
    // A label that occurs twice walks the diagonal: its strides add.
    const ofLabel = (label: number) =>
      labels[p]!.reduce((total, l, i) => (l === label ? total + from.dim[i]! : total), 0);
    return [...node.axes.map(from.axis), ...loop.map(ofLabel)];
  });
  const to = [...rowMajorStrides(storedDims(node)), ...summed.map(() => 0)];
  const operands = node.inputs.map(value);
  const total = new Float64Array(out.length);
  forEachIndex(dims, [to, ...strides], (offsets) => {
    let product = operands[0]![offsets[1]!]!;
    for (let p = 1; p < operands.length; p++) product *= operands[p]![offsets[p + 1]!]!;
    total[offsets[0]!]! += product;
  });
  out.set(total);
  return out;
}
