import {
  type Base,
  type Operand,
  output,
  ProgramWriter,
  panel,
  input as readInput,
} from '../../lib/compile/program-writer.js';
import type { DataArray } from '../../lib/runtime/program.js';
import { classes } from './testing-addon.js';

export type Float = 'float32' | 'float64';
export interface Case {
  readonly words: Float64Array;
  readonly inputs: DataArray[];
}
export type CaseMaker = (dtype: Float, N: number) => Case;

/** A small generator with a seed of its own, so that a failing case is the same every time. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  };
}

export const at = (base: Base, ...strides: number[]): Operand => ({ base, strides });
export const product = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);

/** Row-major strides of dims whose elements are `unit` apart. */
export function rowMajor(dims: readonly number[], unit: number): number[] {
  const strides = dims.map(() => unit);
  for (let d = dims.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * dims[d + 1]!;
  return strides;
}

/**
 * A writer with conveniences for tests: a lanes loop over N samples, panels handed out one after another (each padded by one
 * cache line, so that rows are not evenly apart), per-sample inputs and outputs in row-major order.
 */
export class Bench {
  readonly writer: ProgramWriter;
  readonly inputs: DataArray[] = [];
  readonly unit: number;
  #loop: ReturnType<ProgramWriter['lanesLoop']> | undefined;
  readonly #random: () => number;

  constructor(
    readonly dtype: Float,
    readonly N: number,
    readonly B: number,
    seed: number,
  ) {
    this.writer = new ProgramWriter(dtype);
    this.unit = dtype === 'float32' ? 16 : 8;
    this.#random = numbers(seed);
  }

  data(length: number, dtype: keyof typeof classes = this.dtype, scale = 1): number {
    const array = new classes[dtype](length);
    for (let i = 0; i < length; i++) {
      const x = this.#random();
      if (dtype === 'bool') array[i] = x > 0 ? 1 + ((i * 7) % 255) : 0;
      else if (dtype === 'uint32')
        array[i] = Math.abs(x) * 1000; // conversions out of range saturate here and wrap in JavaScript
      else array[i] = dtype === 'int32' ? x * 1000 : x * scale;
    }
    this.inputs.push(array);
    return this.writer.input(dtype, length);
  }

  open(accumulatorElements = 0): void {
    this.#loop = this.writer.lanesLoop({ N: this.N, B: this.B, accumulatorElements });
  }

  panel(dims: readonly number[]): Operand {
    const loop = this.#loop!;
    const offset = loop.arenaElements;
    loop.arenaElements += product(dims) * this.B + this.unit;
    return { base: panel(offset), strides: rowMajor(dims, this.B) };
  }

  /** A panel filled from a fresh random input [N, ...dims]. */
  gathered(dims: readonly number[], scale = 1): Operand {
    const index = this.data(this.N * product(dims), this.dtype, scale);
    const result = this.panel(dims);
    this.writer.gather(dims, result, { base: readInput(index), strides: rowMajor(dims, 1) }, product(dims));
    return result;
  }

  uniform(dims: readonly number[], scale = 1): Operand {
    return { base: readInput(this.data(product(dims), this.dtype, scale)), strides: rowMajor(dims, 1) };
  }

  /** Writes a panel to a fresh output [N, ...dims]. */
  deliver(dims: readonly number[], source: Operand): void {
    const index = this.writer.output(this.dtype, this.N * product(dims));
    this.writer.scatter(dims, source, { base: output(index), strides: rowMajor(dims, 1) }, product(dims));
  }

  finish(): Case {
    return { words: this.writer.finish(), inputs: this.inputs };
  }
}

const blocks = (dtype: Float) => (dtype === 'float32' ? 32 : 16);

export function lanesCase(seed: number, build: (bench: Bench) => void): CaseMaker {
  return (dtype, N) => {
    const bench = new Bench(dtype, N, blocks(dtype), seed);
    build(bench);
    return bench.finish();
  };
}

/** Flat loops know no samples; N sizes the arrays instead. */
export function flatCase(seed: number, build: (bench: Bench, n: number) => void): CaseMaker {
  return (dtype, N) => {
    const bench = new Bench(dtype, 1, 1, seed);
    build(bench, N);
    return bench.finish();
  };
}
