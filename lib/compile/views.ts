import { rowMajorStrides, size } from '../array/shape.js';
import type { Space } from './opcodes.js';

/** A piece of memory of a program. Panel buffers have one element for every lane; where they lie is decided last. */
export interface Buffer {
  readonly space: Space;
  /** Which input, output or constant. */
  readonly index: number;
  /** Elements (of one lane, in a panel). */
  readonly size: number;
  /** First element in its space; of panels, set when the loop is laid out. */
  offset: number;
  /** Of a constant. */
  readonly value?: number;
}

/** How a value lies in a buffer: element (i, j, …) at `offset + i·strides[0] + j·strides[1] + …`. */
export interface View {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

export function rowMajorView(buffer: Buffer, shape: readonly number[]): View {
  return { buffer, offset: 0, shape, strides: rowMajorStrides(shape) };
}

/** A view of the same elements in another shape, or undefined if no strides express it (then it takes a copy). */
export function reshapeView(view: View, shape: readonly number[]): View | undefined {
  // Runs of axes that are contiguous with each other, innermost first, as (remaining length, stride).
  const runs: { length: number; stride: number }[] = [];
  for (let i = view.shape.length - 1; i >= 0; i--) {
    const [n, stride] = [view.shape[i]!, view.strides[i]!];
    if (n === 1) continue;
    const run = runs.at(-1);
    if (run && stride === run.stride * run.length) run.length *= n;
    else runs.push({ length: n, stride });
  }
  const strides = new Array<number>(shape.length).fill(0);
  if (size(shape) === 0) return { ...view, shape, strides };
  let r = 0;
  for (let i = shape.length - 1; i >= 0; i--) {
    const n = shape[i]!;
    if (n === 1) continue;
    while (runs[r]?.length === 1) r++;
    const run = runs[r];
    if (!run || run.length % n !== 0) return undefined;
    strides[i] = run.stride;
    run.stride *= n;
    run.length /= n;
  }
  return { ...view, shape, strides };
}

/** Loops over `dims` that several operands walk with their strides. */
export interface Walk {
  readonly dims: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/** Fewer and longer loops for the same walk: length 1 dropped, axes contiguous for every operand merged. */
export function collapse({ dims, strides }: Walk): Walk {
  const outDims: number[] = [];
  const outStrides: number[][] = strides.map(() => []);
  dims.forEach((n, i) => {
    if (n === 1) return;
    const last = outDims.length - 1;
    const merges = last >= 0 && strides.every((s, p) => outStrides[p]![last] === s[i]! * n);
    if (merges) {
      outDims[last]! *= n;
      strides.forEach((s, p) => {
        outStrides[p]![last] = s[i]!;
      });
    } else {
      outDims.push(n);
      strides.forEach((s, p) => {
        outStrides[p]!.push(s[i]!);
      });
    }
  });
  return { dims: outDims, strides: outStrides };
}
