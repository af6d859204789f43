import { describe, expect, test } from 'vitest';
import { at, dtypes, epsilonOf, expectClose, floats, lanesOf, randoms, runEverywhere } from './addon.js';

describe.each(dtypes)('sums %s', (dtype) => {
  const lanes = lanesOf(dtype);
  const epsilon = epsilonOf(dtype);
  const sizes = [0, 1, 2, lanes - 1, lanes, lanes + 1, 3 * lanes + 5, 130];

  /** Logical lanes, then halves added until one is left: the order the kernels promise. */
  function fixedTree(values: number[]): number {
    const round = dtype === 'float32' ? Math.fround : (x: number) => x;
    const sums = new Array<number>(lanes).fill(0);
    values.forEach((x, i) => {
      sums[i % lanes] = round((sums[i % lanes] as number) + x);
    });
    for (let half = lanes / 2; half >= 1; half /= 2) {
      for (let i = 0; i < half; i++) sums[i] = round((sums[i] as number) + (sums[i + half] as number));
    }
    return sums[0] as number;
  }

  test('laneSum adds valid lanes in the promised order', () => {
    const round = dtype === 'float32' ? Math.fround : (x: number) => x;
    const groups = [3, lanes - 1, lanes, 2 * lanes + 3];
    for (const [n, rows] of sizes.slice(1).flatMap((size) => groups.map((count) => [size, count] as const))) {
      const row = n + 7;
      const src = randoms(dtype, rows * row, 1);
      for (let i = 0; i < src.length; i++) if (i % row >= n) src[i] = Number.NaN;
      const before = randoms(dtype, 2 * rows, 2);
      const acc = runEverywhere(dtype, 'laneSum', before, (result) => ({
        ...{ rows, lanes: n, acc: at(result), accRow: 2, src: at(src), srcRow: row },
      }));
      for (let r = 0; r < rows; r++) {
        const sum = fixedTree(Array.from(src.subarray(r * row, r * row + n)));
        expect(acc[2 * r]).toBe(round((before[2 * r] as number) + sum));
        expect(acc[2 * r + 1]).toBe(before[2 * r + 1]);
      }
    }
  });

  test('laneSum of a uniform value counts the lanes', () => {
    const src = floats(dtype, 2).fill(0.5);
    const acc = runEverywhere(dtype, 'laneSum', floats(dtype, 2).fill(1), (result) => ({
      ...{ rows: 2, lanes: 100, acc: at(result), accRow: 1, src: at(src), srcRow: 1, srcUniform: true },
    }));
    expect(Array.from(acc)).toEqual([51, 51]);
  });

  test('reduceLast adds in the promised order, contiguous or strided', () => {
    for (const n of sizes) {
      for (const inStep of [1, 3]) {
        const values = randoms(dtype, 2 * (n + 1) * inStep, 3);
        const out = runEverywhere(dtype, 'reduceLast', floats(dtype, 2), (result) => ({
          ...{ rows: 2, n, out: at(result), outRow: 1, in: at(values), inRow: n * inStep, inStep },
        }));
        for (let r = 0; r < 2; r++) {
          const picked = Array.from({ length: n }, (_, i) => values[r * n * inStep + i * inStep] as number);
          expect(out[r]).toBe(fixedTree(picked));
        }
      }
    }
  });

  test('reduceRows adds row after row', () => {
    const round = dtype === 'float32' ? Math.fround : (x: number) => x;
    for (const n of sizes) {
      for (const rows of [0, 1, 4]) {
        for (const accumulate of [false, true]) {
          const values = randoms(dtype, (rows + 1) * (n + 2), 4);
          const before = randoms(dtype, n + 1, 5);
          const out = runEverywhere(dtype, 'reduceRows', before, (result) => ({
            ...{ rows, n, out: at(result), in: at(values), inRow: n + 2, accumulate },
          }));
          for (let i = 0; i < n; i++) {
            let sum = accumulate ? (before[i] as number) : 0;
            for (let r = 0; r < rows; r++) sum = round(sum + (values[r * (n + 2) + i] as number));
            expect(out[i]).toBe(sum);
          }
          expect(out[n]).toBe(before[n]);
        }
      }
    }
  });

  function checkOuter(c: {
    I: number;
    J: number;
    R: number;
    lanes: number;
    layout?: 'rows' | 'columns' | 'apart';
    aUniform?: boolean;
    bUniform?: boolean;
    pairs?: number;
  }): void {
    const { I, J, R, lanes: n } = c;
    const operand = (rows: number, uniform: boolean | undefined, seed: number) => {
      const step = uniform ? 1 : n + 3;
      const data = randoms(dtype, R * rows * step + 1, seed);
      if (!uniform) for (let i = 0; i < data.length; i++) if (i % step >= n) data[i] = Number.NaN;
      return { data, r: rows * step, row: step, lane: uniform ? 0 : 1 };
    };
    const factors = Array.from(
      { length: c.pairs ?? 1 },
      // Of several pairs only every other has the shared factors.
      (_, p) =>
        [operand(I, c.aUniform && p % 2 === 0, 6 + 2 * p), operand(J, c.bUniform && p % 2 === 0, 7 + 2 * p)] as const,
    );
    const [accI, accJ] = c.layout === 'columns' ? [1, I] : c.layout === 'apart' ? [2 * J, 2] : [J, 1];
    const before = randoms(dtype, I * J * 2 + 3, 8);
    const acc = runEverywhere(dtype, 'outerSum', before, (result) => ({
      ...{ I, J, R, lanes: n, acc: at(result), accI, accJ },
      pairs: factors.map(([a, b]) => ({
        ...{ a: at(a.data), aR: a.r, aI: a.row, b: at(b.data), bR: b.r, bJ: b.row },
        ...{ aUniform: a.lane === 0, bUniform: b.lane === 0 },
      })),
    }));
    const touched = new Set<number>();
    for (let i = 0; i < I; i++) {
      for (let j = 0; j < J; j++) {
        const at = i * accI + j * accJ;
        touched.add(at);
        let sum = before[at] as number;
        let size = Math.abs(sum);
        for (const [a, b] of factors) {
          for (let r = 0; r < R; r++) {
            for (let l = 0; l < n; l++) {
              const term =
                (a.data[r * a.r + i * a.row + l * a.lane] as number) *
                (b.data[r * b.r + j * b.row + l * b.lane] as number);
              sum += term;
              size += Math.abs(term);
            }
          }
        }
        const bound = 1.01 * epsilon * (factors.length * R * n + 2) * size;
        expectClose(acc[at] as number, sum, bound, () => JSON.stringify({ dtype, ...c, i, j }));
      }
    }
    acc.forEach((x, i) => {
      if (!touched.has(i)) expect(x).toBe(before[i]);
    });
  }

  test('outerSum at sizes around its tiles', () => {
    for (const I of [0, 1, 5, 6, 7, 8, 9, 17]) {
      for (const J of [1, 3, lanes - 1, lanes, lanes + 1, 2 * lanes, 2 * lanes + 1])
        checkOuter({ I, J, R: 1, lanes: 19 });
    }
  });

  test('outerSum narrow, thin, and just beyond', () => {
    for (const [I, J] of [
      [24, 24],
      [24, 25],
      [25, 24],
      [2, 70],
      [70, 2],
      [6, 41],
      [41, 6],
      [7, 41],
      [13, 64],
      [64, 13],
    ] as const) {
      for (const n of [5, lanes, 70]) {
        for (const layout of ['rows', 'columns'] as const) checkOuter({ I, J, R: 2, lanes: n, layout });
      }
    }
  });

  test('outerSum over lanes and runs around a piece', () => {
    for (const n of [1, lanes - 1, lanes, lanes + 1, 64, 127, 128, 129, 300]) {
      for (const R of [1, 2, 5, 9]) {
        checkOuter({ I: 3, J: 5, R, lanes: n });
        checkOuter({ I: 7, J: 26, R, lanes: n });
      }
    }
  });

  test('outerSum of several pairs, whatever a piece holds of them', () => {
    for (const pairs of [2, 3, 4]) {
      for (const n of [1, lanes, 50, 128, 300, 600]) {
        checkOuter({ I: 20, J: 20, R: 1, lanes: n, pairs });
        checkOuter({ I: 20, J: 2, R: 3, lanes: n, pairs, layout: 'columns' });
        checkOuter({ I: 7, J: 41, R: 2, lanes: n, pairs, layout: 'columns' });
        checkOuter({ I: 7, J: 41, R: 1, lanes: n, pairs, aUniform: true });
        checkOuter({ I: 7, J: 41, R: 1, lanes: n, pairs, bUniform: true });
        checkOuter({ I: 7, J: 41, R: 1, lanes: n, pairs, aUniform: true, layout: 'columns' });
      }
    }
  });

  test('outerSum of more runs than a piece takes', () => {
    for (const n of [1, 3]) checkOuter({ I: 30, J: 5, R: 9, lanes: n, pairs: 4 });
    for (const n of [1, 3]) checkOuter({ I: 20, J: 5, R: 9, lanes: n, pairs: 4 });
  });

  test('outerSum into rows, columns and scattered places, with uniform operands', () => {
    for (const layout of ['rows', 'columns', 'apart'] as const) {
      for (const aUniform of [false, true]) {
        for (const bUniform of [false, true]) {
          checkOuter({ I: 9, J: 18, R: 3, lanes: 21, layout, aUniform, bUniform });
          checkOuter({ I: 9, J: 28, R: 3, lanes: 21, layout, aUniform, bUniform });
        }
      }
    }
  });
});
