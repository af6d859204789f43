import { describe, expect, test } from 'vitest';
import {
  at,
  type Data,
  dtypes,
  type Float,
  type FloatArray,
  floats,
  lanesOf,
  randoms,
  runEverywhere,
} from './addon.js';

const NOT_A_NUMBER = Number.NaN;

type Oracle = (a: number, b: number, c: number) => number;

/** Operations whose result is one rounding of an exact one (or none): the oracle's float64 result, rounded, is the answer. */
const exactOps: Record<string, [number, number, Oracle]> = {
  copy: [0, 1, (a) => a],
  neg: [1, 1, (a) => -a],
  abs: [2, 1, Math.abs],
  sign: [3, 1, Math.sign],
  square: [4, 1, (a) => a * a],
  sqrt: [5, 1, Math.sqrt],
  reciprocal: [6, 1, (a) => 1 / a],
  relu: [18, 1, (a) => (a <= 0 ? 0 : a)],
  step: [19, 1, (a) => (a > 0 ? 1 : 0)],
  not: [20, 1, (a) => (a === 0 ? 1 : 0)],
  roundToFloat32: [21, 1, Math.fround],
  floor: [22, 1, Math.floor],
  add: [32, 2, (a, b) => a + b],
  sub: [33, 2, (a, b) => a - b],
  mul: [34, 2, (a, b) => a * b],
  div: [35, 2, (a, b) => a / b],
  maximum: [36, 2, (a, b) => (Number.isNaN(a) ? a : a > b ? a : b)],
  minimum: [37, 2, (a, b) => (Number.isNaN(a) ? a : a < b ? a : b)],
  less: [39, 2, (a, b) => Number(a < b)],
  lessEqual: [40, 2, (a, b) => Number(a <= b)],
  greater: [41, 2, (a, b) => Number(a > b)],
  greaterEqual: [42, 2, (a, b) => Number(a >= b)],
  equal: [43, 2, (a, b) => Number(a === b)],
  notEqual: [44, 2, (a, b) => Number(a !== b)],
  and: [45, 2, (a, b) => Number(a !== 0 && b !== 0)],
  or: [46, 2, (a, b) => Number(a !== 0 || b !== 0)],
  select: [64, 3, (c, a, b) => (c !== 0 ? a : b)],
};
/** Operations held to the scalar path here, and to their stated error in math.test.ts. */
const otherOps: Record<string, [number, number]> = {
  exp: [7, 1],
  expm1: [8, 1],
  log: [9, 1],
  log1p: [10, 1],
  sin: [11, 1],
  cos: [12, 1],
  tanh: [13, 1],
  sigmoid: [14, 1],
  softplus: [15, 1],
  erf: [16, 1],
  erfc: [17, 1],
  pow: [38, 2],
  atan2: [47, 2],
  fma: [65, 3],
  fnma: [66, 3],
  fms: [67, 3],
  mulMul: [68, 3],
};

const arities = { ...exactOps, ...otherOps } as unknown as Record<string, [number, number]>;

/** Special values first, then numbers of all sizes. */
function values(dtype: Float, length: number, seed: number): FloatArray {
  const tiny = dtype === 'float32' ? 2 ** -149 : 2 ** -1074;
  const huge = dtype === 'float32' ? 3.4028234663852886e38 : Number.MAX_VALUE;
  const special = [0, -0, 1, -1, 0.5, NOT_A_NUMBER, Infinity, -Infinity, tiny, -tiny, huge, -huge, 2, 3, 1e-3, -2.5];
  const out = randoms(dtype, length, seed);
  for (let i = 0; i < length; i++) {
    if (i % 3 !== 0) out[i] = special[(i * seed + (i >> 4)) % special.length] as number;
    else out[i] = (out[i] as number) * 10 ** ((i % 13) - 6);
  }
  return out;
}

interface Shape {
  rows: number;
  n: number;
  scalars?: number; // bit p: operand p is uniform
  inPlace?: boolean;
  strides?: number; // with n = 1
}

function run(dtype: Float, name: string, shape: Shape): { out: Data; expected: number[]; where: number[] } {
  const [op, arity] = arities[name] as [number, number];
  const { rows, n } = shape;
  const row = shape.strides ?? n + 5;
  const scalars = shape.scalars ?? 0;
  const inputs = [1, 3, 5].slice(0, arity).map((seed) => values(dtype, rows * row + 1, seed));
  const before = shape.inPlace ? (inputs[0] as FloatArray) : floats(dtype, rows * row + 1).fill(777);
  const out = runEverywhere(dtype, 'elementwise', before, (result) => ({
    ...{ op, rows, n, out: at(result), outRow: row },
    in: inputs.map((input, p) => ({
      at: at(shape.inPlace && p === 0 ? result : input),
      row,
      scalar: (scalars & (1 << p)) !== 0,
    })),
  }));
  const oracle = exactOps[name]?.[2];
  const expected: number[] = [];
  const where: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < n; i++) {
      const [a, b, c] = [0, 1, 2].map((p) => inputs[p]?.[r * row + ((scalars & (1 << p)) !== 0 ? 0 : i)] ?? 0);
      where.push(r * row + i);
      if (oracle) expected.push(oracle(a as number, b as number, c as number));
    }
  }
  const inside = new Set(where);
  out.forEach((x, i) => {
    if (!inside.has(i)) expect(x).toBe(before[i]);
  });
  return { out, expected, where };
}

function check(dtype: Float, name: string, shape: Shape): void {
  const { out, expected, where } = run(dtype, name, shape);
  if (expected.length === 0) return;
  const rounded = floats(dtype, expected.length);
  rounded.set(expected);
  const result = where.map((i) => out[i]);
  // Zeros of either sign are told apart, NaNs are not.
  const wrong = result.findIndex((x, i) => !Object.is(x, rounded[i]));
  if (wrong >= 0) expect.fail(`${name} ${JSON.stringify(shape)}: ${result[wrong]} for ${rounded[wrong]} at ${wrong}`);
}

describe.each(dtypes)('elementwise %s', (dtype) => {
  const lanes = lanesOf(dtype);
  const sizes = [0, 1, 2, lanes / 2 - 1, lanes - 1, lanes, lanes + 1, 2 * lanes + 3, 150];

  test.each(Object.keys(arities))('%s', (name) => {
    const arity = (arities[name] as [number, number])[1];
    for (const n of sizes) {
      for (const rows of [0, 1, 3]) check(dtype, name, { rows, n });
      for (let scalars = 1; scalars < 1 << arity; scalars++) check(dtype, name, { rows: 2, n, scalars });
    }
    check(dtype, name, { rows: 3, n: lanes + 2, inPlace: true });
    for (const strides of [1, 2, 7]) check(dtype, name, { rows: 70, n: 1, strides });
  });

  test('rows that lie end to end are one row', () => {
    const a = values(dtype, 60, 1);
    const out = runEverywhere(dtype, 'elementwise', floats(dtype, 60), (result) => ({
      ...{ op: 32, rows: 4, n: 15, out: at(result), outRow: 15 },
      in: [
        { at: at(a), row: 15 },
        { at: at(a, 3), row: 0, scalar: true },
      ],
    }));
    const round = dtype === 'float32' ? Math.fround : (x: number) => x;
    expect(Array.from(out)).toEqual(Array.from(a, (x) => round(x + (a[3] as number))));
  });

  test('one value walked by stride zero', () => {
    const out = runEverywhere(dtype, 'elementwise', floats(dtype, 40), (result) => ({
      ...{ op: 34, rows: 40, n: 1, out: at(result), outRow: 1 },
      in: [
        { at: at(floats(dtype, 1).fill(3)), row: 0 },
        { at: at(floats(dtype, 40).fill(0.5)), row: 1 },
      ],
    }));
    expect(Array.from(out)).toEqual(new Array(40).fill(1.5));
  });

  test('fma rounds once', () => {
    const e = dtype === 'float32' ? 2 ** -12 : 2 ** -27;
    const [a, b, c] = [1 + e, 1 - e, -1].map((x) => floats(dtype, 20).fill(x));
    const out = runEverywhere(dtype, 'elementwise', floats(dtype, 20), (result) => ({
      ...{ op: 65, rows: 1, n: 20, out: at(result), outRow: 20 },
      in: [a, b, c].map((x) => ({ at: at(x as FloatArray), row: 20 })),
    }));
    expect(Array.from(out)).toEqual(new Array(20).fill(-e * e));
  });
});
