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

  function check(kind: number, rows: number, n: number, gap: number, withSlope: boolean): void {
    const { op, slope } = kinds[kind] as (typeof kinds)[number];
    const z = randoms(dtype, rows * n, 1).map((x) => 6 * x);
    // One array: values, slopes, and a sentinel after each; between rows a gap that nothing may write to.
    const size = rows * (n + gap);
    const slopeAt = size + 1;
    const result = runEverywhere(dtype, 'activation', floats(dtype, 2 * size + 2).fill(77), (out) => ({
      ...{ kind, rows, n, z: at(z), zRow: n, value: at(out), valueRow: n + gap },
      ...{ slope: withSlope ? at(out, slopeAt) : undefined, slopeRow: n + gap },
    })) as FloatArray;
    const alone = runEverywhere(dtype, 'elementwise', floats(dtype, rows * n), (out) => ({
      ...{ op, rows: 1, n: rows * n, out: at(out), outRow: rows * n, in: [{ at: at(z), row: rows * n }] },
    }));
    const written = new Set<number>();
    for (let row = 0; row < rows; row++) {
      for (let lane = 0; lane < n; lane++) {
        const [i, j] = [row * (n + gap) + lane, row * n + lane];
        expect(result[i]).toBe(alone[j]);
        written.add(i);
        if (!withSlope) continue;
        written.add(slopeAt + i);
        const exact = slope(z[j] as number);
        expect(Math.abs((result[slopeAt + i] as number) - exact), `${kind} at ${z[j]}`).toBeLessThanOrEqual(
          4 * epsilonOf(dtype),
        );
      }
    }
    for (let i = 0; i < result.length; i++) if (!written.has(i)) expect(result[i]).toBe(77);
  }

  test.each(kinds.map(({ name }, kind) => [name, kind] as [string, number]))('%s', (_, kind) => {
    // Groups of up to four registers, single ones, and a part of one.
    for (const n of [0, 1, lanes - 1, lanes, lanes + 1, 3 * lanes, 4 * lanes, 5 * lanes + 1, 9 * lanes]) {
      for (const gap of [0, 3]) check(kind, 3, n, gap, true);
    }
    check(kind, 2, 5 * lanes, 1, false);
  });

  test('in place', () => {
    const n = 5 * lanes + 3;
    const z = randoms(dtype, n, 3);
    const [apart, inPlace] = [false, true].map((same) =>
      runEverywhere(dtype, 'activation', z.slice(), (result) => ({
        ...{ kind: 0, rows: 1, n, z: same ? at(result) : at(z), value: at(result), slope: at(floats(dtype, n)) },
      })),
    );
    expect(inPlace).toEqual(apart);
  });
});
