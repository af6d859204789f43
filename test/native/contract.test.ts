import { describe, expect, test } from 'vitest';
import {
  at,
  type Data,
  dtypes,
  epsilonOf,
  expectClose,
  type Float,
  floats,
  lanesOf,
  randoms,
  runEverywhere,
} from './addon.js';

interface Case {
  I: number;
  J: number;
  K: number;
  B: number;
  symmetric?: boolean;
  weightless?: boolean;
  aUniform?: boolean;
  bUniform?: boolean;
  wUniform?: boolean;
  accumulate?: boolean;
}

function check(dtype: Float, c: Case): void {
  const { I, J, K, B } = c;
  const operand = (rows: number, uniform: boolean | undefined, seed: number) => {
    const step = uniform ? 1 : B;
    return { data: randoms(dtype, rows * K * step + 1, seed), row: K * step, k: step, lane: uniform ? 0 : 1 };
  };
  const a = operand(I, c.aUniform, 1);
  const b = c.symmetric ? a : operand(J, c.bUniform, 2);
  const w = operand(1, c.wUniform, 3);
  const bUniform = c.symmetric ? c.aUniform : c.bUniform;
  const before = randoms(dtype, I * J * B + 5, 4);
  if (c.symmetric) {
    // What is added to is symmetric too, as it is in use.
    for (let i = 0; i < I; i++) {
      for (let j = 0; j < i; j++) before.copyWithin((i * J + j) * B, (j * J + i) * B, (j * J + i + 1) * B);
    }
  }
  const out = runEverywhere(dtype, 'contract', before, (result) => ({
    ...{ I, J, K, B, out: at(result), outI: J * B, outJ: B },
    ...{ a: at(a.data), aI: a.row, aK: a.k, b: at(b.data), bJ: b.row, bK: b.k },
    ...{ w: c.weightless ? undefined : at(w.data), wK: w.k, aUniform: c.aUniform, bUniform, wUniform: c.wUniform },
    ...{ accumulate: c.accumulate, symmetric: c.symmetric },
  }));
  for (let i = 0; i < I; i++) {
    for (let j = 0; j < J; j++) {
      for (let lane = 0; lane < B; lane++) {
        const at = (i * J + j) * B + lane;
        let sum = 0;
        let size = 0;
        for (let k = 0; k < K; k++) {
          const weight = c.weightless ? 1 : (w.data[k * w.k + lane * w.lane] as number);
          const term =
            (a.data[i * a.row + k * a.k + lane * a.lane] as number) *
            weight *
            (b.data[j * b.row + k * b.k + lane * b.lane] as number);
          sum += term;
          size += Math.abs(term);
        }
        const start = c.accumulate ? (before[at] as number) : 0;
        const bound = 1.01 * epsilonOf(dtype) * (K + 2) * (size + Math.abs(start));
        expectClose(out[at] as number, start + sum, bound, () => JSON.stringify({ dtype, ...c, i, j, lane }));
        if (c.symmetric) expect(out[at]).toBe(out[(j * J + i) * B + lane]);
      }
    }
  }
  expect(out.subarray(I * J * B)).toEqual(before.subarray(I * J * B));
}

describe.each(dtypes)('contract %s', (dtype) => {
  const B = lanesOf(dtype);

  test('symmetric, sizes around one tile and several', () => {
    for (const d of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 33]) check(dtype, { I: d, J: d, K: 6, B, symmetric: true });
  });

  test('rectangular, sizes around one tile and several', () => {
    for (const I of [1, 2, 3, 4, 5, 9]) {
      for (const J of [1, 2, 3, 4, 5, 12, 37]) check(dtype, { I, J, K: 3, B });
    }
  });

  test('contracted sizes around a piece of k', () => {
    for (const K of [0, 1, 31, 32, 33, 63, 64, 65, 128, 200]) {
      check(dtype, { I: 3, J: 3, K, B, symmetric: true });
      check(dtype, { I: 7, J: 7, K, B, symmetric: true, accumulate: true });
      check(dtype, { I: 6, J: 40, K, B, accumulate: true });
      for (const accumulate of [false, true]) check(dtype, { I: 20, J: 20, K, B, symmetric: true, accumulate });
    }
  });

  test('several registers of samples', () => {
    for (const q of [1, 2, 3, 4, 5, 7]) {
      for (const d of [1, 2, 3, 4, 5]) check(dtype, { I: d, J: d, K: 4, B: q * B, symmetric: true, accumulate: true });
      check(dtype, { I: 1, J: 2, K: 4, B: q * B });
    }
  });

  test('uniform operands, no weights, accumulation, in all combinations', () => {
    for (let flags = 0; flags < 32; flags++) {
      const options = {
        aUniform: (flags & 1) !== 0,
        bUniform: (flags & 2) !== 0,
        wUniform: (flags & 4) !== 0,
        weightless: (flags & 8) !== 0,
        accumulate: (flags & 16) !== 0,
      };
      check(dtype, { I: 3, J: 2, K: 5, B: 2 * B, ...options });
      check(dtype, { I: 6, J: 7, K: 5, B, ...options });
      check(dtype, { I: 3, J: 3, K: 5, B, symmetric: true, ...options });
      check(dtype, { I: 9, J: 9, K: 5, B, symmetric: true, ...options });
    }
  });

  test('what is accumulated is added to once, at the end', () => {
    const round = dtype === 'float32' ? Math.fround : (x: number) => x;
    for (const [d, K] of [
      [1, 200],
      [3, 200],
      [5, 70],
      [8, 31],
      [8, 100],
      [12, 65],
      [13, 64],
    ] as const) {
      const a = randoms(dtype, d * K * B, 1);
      const w = randoms(dtype, K * B, 2);
      const contract = (before: Data, accumulate: boolean) =>
        runEverywhere(dtype, 'contract', before, (result) => ({
          ...{ I: d, J: d, K, B, out: at(result), outI: d * B, outJ: B, symmetric: true, accumulate },
          ...{ a: at(a), aI: K * B, aK: B, b: at(a), bJ: K * B, bK: B, w: at(w), wK: B },
        }));
      const before = floats(dtype, d * d * B).fill(1.7);
      const [sums, added] = [contract(before, false), contract(before, true)];
      expect(added).toEqual(sums.map((s) => round((before[0] as number) + s)));
    }
  });

  test.each([
    [5, 6, 7],
    [3, 3, 150],
    [2, 13, 150],
    [7, 12, 70],
  ])('the flat variant agrees with one lane of the other: %i, %i, %i', (I, J, K) => {
    const a = randoms(dtype, I * K, 1);
    const b = randoms(dtype, J * K, 2);
    const w = randoms(dtype, K, 3);
    const spread = (values: ArrayLike<number>) =>
      floats(dtype, values.length * B).map((_, i) => values[Math.floor(i / B)] as number);
    const before = randoms(dtype, I * J, 4);
    for (const accumulate of [false, true]) {
      const flat = runEverywhere(dtype, 'contractFlat', before, (result) => ({
        ...{ I, J, K, B: 1, out: at(result), outI: J, outJ: 1, a: at(a), aI: K, aK: 1 },
        ...{ b: at(b), bJ: K, bK: 1, w: at(w), wK: 1, accumulate },
      }));
      const panel = runEverywhere(dtype, 'contract', spread(before), (result) => ({
        ...{ I, J, K, B, out: at(result), outI: J * B, outJ: B, a: at(spread(a)), aI: K * B, aK: B },
        ...{ b: at(spread(b)), bJ: K * B, bK: B, w: at(spread(w)), wK: B, accumulate },
      }));
      for (let i = 0; i < panel.length; i++) expect(panel[i]).toBe(flat[Math.floor(i / B)]);
    }
  });
});
