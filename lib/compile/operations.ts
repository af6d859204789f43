import { rowMajorStrides, shapesEqual, size } from '../array/shape.js';
import type { Node } from '../graph/node.js';
import { emitRanked, type Loop } from './loop.js';
import type { ActivationOp, Op } from './opcodes.js';
import { reshapeView, type View } from './views.js';

/* Emits what is not a product: values entry by entry, moved, and summed. */

/** The result of an elementwise operation; it may take over the memory of an operand it walks along with. */
export function emitEntrywise(loop: Loop, op: Op, shape: readonly number[], inputs: readonly View[]): View {
  const out = loop.allocate(shape);
  const isSame = (v: View, w: View) => shapesEqual(v.strides, w.strides) && shapesEqual(v.shape, w.shape);
  const same = inputs.filter(
    (v) =>
      v.buffer.space === 'panel' &&
      v.offset === 0 &&
      isSame(v, out) &&
      inputs.every((w) => w.buffer !== v.buffer || (w.offset === 0 && isSame(w, v))),
  );
  loop.elementwise(
    op,
    out,
    inputs,
    same.map((v) => v.buffer),
  );
  return out;
}

/** A nonlinearity of z and its derivative. */
export function emitActivation(loop: Loop, op: ActivationOp, z: View): { value: View; slope: View } {
  const rows = size(z.shape);
  const from = reshapeView(z, [rows]) ?? reshapeView(denseCopy(loop, z), [rows])!;
  const [value, slope] = [loop.allocate([rows]), loop.allocate([rows])];
  loop.push({
    name: `${op} with slope`,
    reads: [from.buffer],
    writes: [value.buffer, slope.buffer],
    work: { multiplyAdds: rows },
    emit: (writer, place) => writer.activation(op, rows, place(from), place(value), place(slope)),
  });
  return { value: reshapeView(value, z.shape)!, slope: reshapeView(slope, z.shape)! };
}

/** A copy in the dense order of its shape, which any reshape can view. */
export function denseCopy(loop: Loop, view: View): View {
  const out = loop.allocate(view.shape);
  loop.copy(out, view);
  // A padded panel is not contiguous across rows; only an unpadded copy serves a reshape.
  if (reshapeView(out, [size(view.shape)])) return out;
  const plain = { ...loop.allocate([size(view.shape)]) };
  const target: View = { ...plain, shape: view.shape, strides: rowMajorStrides(view.shape) };
  loop.copy(target, view);
  return target;
}

/** An einsum of one operand: axes in another order, diagonals (both only another view), and sums. */
export function emitRearranged(loop: Loop, view: View, node: Node): View {
  const { labels, out } = node.attrs as { labels: number[][]; out: number[] };
  const strideOf = (label: number) =>
    labels[0]!.reduce((total, l, i) => (l === label ? total + view.strides[i]! : total), 0);
  const permuted: View = { ...view, shape: node.shape, strides: out.map(strideOf) };
  const summed = [...new Set(labels[0]!)].filter((label) => !out.includes(label));
  if (summed.length === 0) return permuted;
  const result = loop.allocate(node.shape);
  const lengths = summed.map((label) => view.shape[labels[0]!.indexOf(label)]!);
  const walk = {
    dims: [...node.shape, ...lengths],
    strides: [
      [...result.strides, ...summed.map(() => 0)],
      [...permuted.strides, ...summed.map(strideOf)],
    ],
  };
  loop.push({
    name: 'reduceSum',
    reads: [view.buffer],
    writes: [result.buffer],
    work: { multiplyAdds: size(walk.dims) / 2 },
    emit: (writer, place) =>
      emitRanked(walk, (dims, [to, from], [at, extra]) =>
        writer.reduceSum(dims, place(result, to, at), place(view, from, extra)),
      ),
  });
  return result;
}

/** Samples of a shared array, which lie along its axis `dim`. */
export function emitGather(loop: Loop, source: View, dim: number, shape: readonly number[]): View {
  const strides = source.strides.toSpliced(dim, 1);
  const out = loop.allocate(shape);
  loop.push({
    name: 'gather',
    reads: [source.buffer],
    writes: [out.buffer],
    emit: (writer, place) =>
      emitRanked({ dims: shape, strides: [out.strides, strides] }, (dims, [to, from], [at, extra]) =>
        writer.gather(dims, place(out, to, at), place(source, from, extra), source.strides[dim]!),
      ),
  });
  return out;
}

/** Writes a value of every sample to memory, `laneStride` apart. */
export function emitScatter(loop: Loop, source: View, target: View, laneStride: number): void {
  const { shape, strides } = target;
  loop.push({
    name: 'scatter',
    reads: [source.buffer],
    writes: [],
    emit: (writer, place) =>
      emitRanked({ dims: shape, strides: [source.strides, strides] }, (dims, [from, out], [extra, at]) =>
        writer.scatter(dims, place(source, from, extra), place(target, out, at), laneStride),
      ),
  });
}

/** Adds the sum over samples to an accumulator. */
export function emitLaneSum(loop: Loop, source: View, accumulator: number): void {
  const { shape } = source;
  loop.push({
    name: 'laneSum',
    reads: [source.buffer],
    writes: [],
    work: { multiplyAdds: size(shape) / 2 },
    emit: (writer, place) =>
      emitRanked({ dims: shape, strides: [rowMajorStrides(shape), source.strides] }, (dims, [acc, from], [at, extra]) =>
        writer.laneSum(dims, { offset: accumulator + at!, strides: acc! }, place(source, from, extra)),
      ),
  });
}
