import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

export type Float = 'float32' | 'float64';
export type FloatArray = Float32Array | Float64Array;
export type Data = FloatArray | Int32Array | Uint32Array | Uint8Array;

/** A pointer into an array, in elements. */
export interface At {
  data: Data;
  offset: number;
}

export type Arguments = Record<string, unknown>;

interface TestingAddon {
  isas(): string[];
  runKernel(isa: string, dtype: Float, kernel: string, args: Arguments): void;
  ulpSweep(
    isa: string,
    dtype: Float,
    op: number,
    first: number,
    count: number,
    stride: number,
  ): { maxUlp: number; worst: [number, number]; count: number };
}

const folder = process.env.NABLA_BUILD || fileURLToPath(new URL('../../build/Release', import.meta.url));
export const addon = createRequire(import.meta.url)(resolve(folder, 'nabla_testing.node')) as TestingAddon;
export const isas = addon.isas();
export const dtypes: Float[] = ['float32', 'float64'];

/** Logical lanes: 64 bytes. */
export const lanesOf = (dtype: Float): number => (dtype === 'float32' ? 16 : 8);
export const epsilonOf = (dtype: Float): number => (dtype === 'float32' ? 2 ** -24 : 2 ** -53);

export function floats(dtype: Float, length: number): FloatArray {
  return dtype === 'float32' ? new Float32Array(length) : new Float64Array(length);
}

/** Uniform numbers in [-1, 1), the same for the same seed (mulberry32). */
export function randoms(dtype: Float, length: number, seed: number): FloatArray {
  const out = floats(dtype, length);
  let state = seed >>> 0;
  for (let i = 0; i < length; i++) {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    out[i] = ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  }
  return out;
}

export const at = (data: Data, offset = 0): At => ({ data, offset });

/** Bit patterns, with every NaN made the same: its sign and payload are not promised. */
function bits(data: Data): string[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from(data, (x, i) => {
    if (Number.isNaN(x)) return 'NaN';
    return data.BYTES_PER_ELEMENT === 8 ? view.getBigUint64(8 * i).toString(16) : `${Object.is(x, -0) ? '-0' : x}`;
  });
}

/**
 * Runs a kernel on every instruction set of this machine, each on its own copy of the result array, and expects the same
 * bits everywhere, untouched elements included. Returns the result.
 */
export function runEverywhere(dtype: Float, kernel: string, result: Data, args: (result: Data) => Arguments): Data {
  let first: Data | undefined;
  let firstBits: string[] = [];
  for (const isa of [...isas].reverse()) {
    const copy = result.slice();
    addon.runKernel(isa, dtype, kernel, args(copy));
    if (!first) {
      first = copy;
      firstBits = bits(copy);
    } else {
      const here = bits(copy);
      const wrong = here.findIndex((b, i) => b !== firstBits[i]);
      if (wrong >= 0) {
        expect.fail(`${kernel} ${dtype}: element ${wrong} is ${copy[wrong]} on ${isa}, ${first[wrong]} on scalar`);
      }
    }
  }
  return first as Data;
}

/** Expects |value - exact| <= bound. */
export function expectClose(value: number, exact: number, bound: number, what: () => string): void {
  if (!(Math.abs(value - exact) <= bound)) expect.fail(`${what()}: ${value} against ${exact}, bound ${bound}`);
}
