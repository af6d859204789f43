import { describe, expect, test } from 'vitest';
import { at, dtypes, epsilonOf, type FloatArray, floats, lanesOf, randoms, runEverywhere } from './addon.js';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const kinds = [
  { name: 'tanh', op: 13, slope: (x: number) => 1 - Math.tanh(x) ** 2 },
  { name: 'sin', op: 11, slope: Math.cos },
  { name: 'sigmoid', op: 14, slope: (x: number) => sigmoid(x) * sigmoid(-x) },
  { name: 'softplus', op: 15, slope: sigmoid },
];

describe.each(dtypes)('activation %s', (dtype) => {
  const lanes = lanesOf(dtype);

  function check(kind: number, rows: number, columns: number, n: number, uniform: boolean, withSlope: boolean): void {
    const { op, slope } = kinds[kind] as (typeof kinds)[number];
    const z = randoms(dtype, rows * n, 1).map((x) => 6 * x);
    const step = uniform ? 1 : n;
    const tangent = randoms(dtype, rows * columns * step + 1, 2);
    // One array: values, slopes, scaled tangents, and a sentinel after each.
    const size = rows * n;
    const [slopeAt, scaledAt, end] = [size + 1, 2 * size + 2, 2 * size + 2 + size * columns];
    const result = runEverywhere(dtype, 'activation', floats(dtype, end + 1).fill(77), (out) => ({
      ...{ kind, rows, n, columns, z: at(z), zRow: n, value: at(out), valueRow: n },
      ...{ slope: withSlope ? at(out, slopeAt) : undefined, slopeRow: n },
      ...{ tangent: at(tangent), tangentRow: columns * step, tangentColumn: step, tangentUniform: uniform },
      ...{ scaled: at(out, scaledAt), scaledRow: columns * n, scaledColumn: n },
    })) as FloatArray;
    const alone = runEverywhere(dtype, 'elementwise', floats(dtype, size), (out) => ({
      ...{ op, rows: 1, n: size, out: at(out), outRow: size, in: [{ at: at(z), row: size }] },
    }));
    expect(result.subarray(0, size)).toEqual(alone);
    for (const i of [size, slopeAt + size, end]) expect(result[i]).toBe(77);
    const round = dtype === 'float32' ? Math.fround : (x: number) => x;
    for (let i = 0; i < size; i++) {
      const s = result[slopeAt + i] as number;
      if (!withSlope) {
        expect(s).toBe(77);
        continue;
      }
      const exact = slope(z[i] as number);
      expect(Math.abs(s - exact), `${kind} at ${z[i]}`).toBeLessThanOrEqual(4 * epsilonOf(dtype));
      const [row, lane] = [Math.floor(i / n), i % n];
      for (let c = 0; c < columns; c++) {
        const t = tangent[(row * columns + c) * step + (uniform ? 0 : lane)] as number;
        expect(result[scaledAt + (row * columns + c) * n + lane]).toBe(round(s * t));
      }
    }
  }

  test.each(kinds.map(({ name }, kind) => [name, kind] as [string, number]))('%s', (_, kind) => {
    for (const n of [0, 1, lanes - 1, lanes, lanes + 1, 3 * lanes]) {
      for (const columns of [0, 1, 3]) {
        for (const uniform of [false, true]) check(kind, 3, columns, n, uniform, true);
      }
    }
    check(kind, 2, 2, lanes, false, false);
  });

  test('in place', () => {
    const panel = randoms(dtype, 3 * lanes, 3);
    const slopes = floats(dtype, lanes);
    const out = runEverywhere(dtype, 'activation', panel, (result) => ({
      ...{ kind: 0, rows: 1, n: lanes, columns: 2, z: at(result), value: at(result), slope: at(slopes) },
      ...{ tangent: at(result, lanes), tangentColumn: lanes, scaled: at(result, lanes), scaledColumn: lanes },
    }));
    const round = dtype === 'float32' ? Math.fround : (x: number) => x;
    for (let i = 0; i < 2 * lanes; i++) {
      expect(out[lanes + i]).toBe(round((slopes[i % lanes] as number) * (panel[lanes + i] as number)));
    }
  });
});
