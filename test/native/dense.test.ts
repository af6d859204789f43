import { describe, expect, test } from 'vitest';
import {
  at,
  type Data,
  dtypes,
  epsilonOf,
  expectClose,
  type Float,
  floats,
  isas,
  lanesOf,
  randoms,
  runEverywhere,
} from './addon.js';

interface Case {
  J: number;
  K: number;
  C: number;
  B: number;
  transposed?: boolean;
  bias?: boolean;
  biasColumns?: number;
  scale?: boolean;
  accumulate?: boolean;
  /** Distance between columns beyond B, so that columns do not lie end to end. */
  gap?: number;
}

const UNTOUCHED = 12345;

function check(dtype: Float, c: Case): void {
  const { J, K, C, B } = c;
  const column = B + (c.gap ?? 0);
  const row = C * column + lanesOf(dtype);
  const W = randoms(dtype, K * J, 1);
  const [wK, wJ] = c.transposed ? [1, K] : [J, 1];
  // Between the columns lies NaN, which must not be looked at.
  const panel = (rows: number, seed: number) => {
    const values = randoms(dtype, rows * row + 1, seed);
    for (let i = 0; i < values.length; i++) {
      if (i % row >= C * column || (i % row) % column >= B) values[i] = Number.NaN;
    }
    return values;
  };
  const x = panel(K, 2);
  const scale = panel(J, 3);
  const bias = randoms(dtype, J, 4);
  const before = floats(dtype, J * row + 1).fill(UNTOUCHED);
  const biasColumns = c.biasColumns ?? C;
  const out = runEverywhere(dtype, 'dense', before, (result) => ({
    ...{ J, K, C, B, out: at(result), outJ: row, outC: column, W: at(W), wK, wJ },
    ...{ x: at(x), xK: row, xC: column, bias: c.bias ? at(bias) : undefined, biasJ: 1, biasColumns },
    ...{ scale: c.scale ? at(scale) : undefined, scaleJ: row, scaleC: column, accumulate: c.accumulate },
  }));
  for (let i = 0; i < out.length; i++) {
    const [j, inRow] = [Math.floor(i / row), i % row];
    const [col, b] = [Math.floor(inRow / column), inRow % column];
    if (j >= J || col >= C || b >= B) {
      expect(out[i]).toBe(UNTOUCHED);
      continue;
    }
    const s = c.scale ? (scale[i] as number) : 1;
    let sum = c.bias && col < biasColumns ? (bias[j] as number) : 0;
    let size = Math.abs(sum);
    for (let k = 0; k < K; k++) {
      const term = (W[k * wK + j * wJ] as number) * (x[k * row + inRow] as number);
      sum += term;
      size += Math.abs(term);
    }
    // K + 2 roundings of partial sums no larger than the sum of magnitudes, and one of what is added to.
    const start = c.accumulate ? UNTOUCHED : 0;
    const bound = epsilonOf(dtype) * ((K + 3) * Math.abs(s) * size + 2 * start) * 1.01;
    expectClose(out[i] as number, start + s * sum, bound, () => JSON.stringify({ dtype, ...c, j, col, b }));
  }
}

describe.each(dtypes)('dense %s', (dtype) => {
  const lanes = lanesOf(dtype);

  test('rows around every tile height', () => {
    for (const J of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 17, 20, 25]) check(dtype, { J, K: 5, C: 2, B: lanes });
  });

  test('registers of samples around every tile width', () => {
    for (let q = 1; q <= 9; q++) {
      check(dtype, { J: 9, K: 4, C: 1, B: q * lanes });
      check(dtype, { J: 5, K: 3, C: 3, B: q * lanes, gap: lanes });
    }
  });

  test('contracted sizes, zero included', () => {
    for (const K of [0, 1, 2, 3, 65]) check(dtype, { J: 7, K, C: 2, B: 2 * lanes, bias: true });
  });

  test('transposed weights, bias, scale, accumulation, in all combinations', () => {
    for (let flags = 0; flags < 16; flags++) {
      const options = {
        transposed: (flags & 1) !== 0,
        bias: (flags & 2) !== 0,
        scale: (flags & 4) !== 0,
        accumulate: (flags & 8) !== 0,
      };
      check(dtype, { J: 11, K: 13, C: 3, B: 3 * lanes, ...options });
      check(dtype, { J: 6, K: 2, C: 2, B: lanes, gap: 3, ...options });
    }
  });

  test('the sum before it is scaled, with a scale for every column or one for all', () => {
    for (const [J, K, C, vectors] of [
      [5, 3, 4, 1],
      [9, 6, 3, 1],
      [11, 2, 3, 2],
      [4, 7, 5, 3],
      [6, 5, 1, 9],
    ] as const) {
      const B = vectors * lanes;
      const W = randoms(dtype, K * J, 1);
      const x = randoms(dtype, K * C * B, 2);
      const scale = randoms(dtype, J * C * B, 3);
      const common = { J, K, C, B, outJ: C * B, outC: B, W: at(W), wK: J, wJ: 1, x: at(x), xK: C * B, xC: B };
      const dense = (more: (result: Data) => object) =>
        runEverywhere(dtype, 'dense', floats(dtype, 2 * J * C * B), (result) => ({
          ...{ ...common, out: at(result), ...more(result) },
        }));
      const sums = dense(() => ({})).subarray(0, J * C * B);
      for (const scaleC of [B, 0]) {
        const both = dense((result) => ({
          ...{ scale: at(scale), scaleJ: C * B, scaleC, plain: at(result, J * C * B), plainJ: C * B, plainC: B },
        }));
        expect(both.subarray(J * C * B)).toEqual(sums);
        for (let i = 0; i < J * C * B; i++) {
          const row = Math.floor(i / (C * B)) * C * B;
          const factor = scale[scaleC === 0 ? row + (i % B) : i] as number;
          const product = factor * (sums[i] as number);
          expect(both[i]).toBe(dtype === 'float32' ? Math.fround(product) : product);
        }
      }
    }
  });

  test('x put together, or read where it lies: the same bits', () => {
    for (const [J, K, C, vectors, gap] of [
      [80, 400, 5, 3, 0],
      [75, 401, 2, 5, 1],
      [73, 400, 13, 1, 0],
      [130, 403, 1, 9, 14],
    ] as const) {
      const B = vectors * lanes;
      const column = B + gap * lanes;
      const W = randoms(dtype, K * J, 1);
      const x = randoms(dtype, K * C * column, 2);
      const [scale, bias] = [randoms(dtype, J * C * B, 3), randoms(dtype, J, 4)];
      const packed = floats(dtype, K * 4 * lanes + 1).fill(UNTOUCHED);
      const [there, together] = [undefined, at(packed)].map((memory) =>
        runEverywhere(dtype, 'dense', randoms(dtype, J * C * B, 5), (result) => ({
          ...{ J, K, C, B, out: at(result), outJ: C * B, outC: B, W: at(W), wK: 1, wJ: K, packed: memory },
          ...{ x: at(x), xK: C * column, xC: column, bias: at(bias), biasJ: 1, biasColumns: 1 },
          ...{ scale: at(scale), scaleJ: C * B, scaleC: B, accumulate: true },
        })),
      );
      expect(together).toEqual(there);
      if (isas.length > 1) expect(packed[0]).not.toBe(UNTOUCHED);
      expect(packed.at(-1)).toBe(UNTOUCHED);
    }
  });

  test('a bias for the first columns only, whatever tile they end in', () => {
    for (let biasColumns = 0; biasColumns <= 4; biasColumns++) {
      check(dtype, { J: 5, K: 3, C: 4, B: lanes, bias: true, biasColumns });
      check(dtype, { J: 5, K: 3, C: 4, B: 3 * lanes, bias: true, biasColumns });
    }
  });

  test('the flat variant agrees with one lane of the other', () => {
    const [J, K, C] = [5, 7, 3];
    const W = randoms(dtype, K * J, 1);
    const x = randoms(dtype, K * C, 2);
    const scale = randoms(dtype, J * C, 3);
    const bias = randoms(dtype, J, 4);
    const spread = (values: ArrayLike<number>) => {
      const panel = floats(dtype, values.length * lanes);
      for (let i = 0; i < panel.length; i++) panel[i] = values[Math.floor(i / lanes)] as number;
      return panel;
    };
    for (const accumulate of [false, true]) {
      const common = { J, K, C, W: at(W), wK: J, wJ: 1, bias: at(bias), biasJ: 1, biasColumns: 1, accumulate };
      const before = randoms(dtype, J * C, 5);
      const flat = runEverywhere(dtype, 'denseFlat', before, (result) => ({
        ...{ ...common, B: 1, out: at(result), outJ: C, outC: 1, x: at(x), xK: C, xC: 1 },
        ...{ scale: at(scale), scaleJ: C, scaleC: 1 },
      }));
      const panel = runEverywhere(dtype, 'dense', spread(before), (result) => ({
        ...{ ...common, B: lanes, out: at(result), outJ: C * lanes, outC: lanes },
        ...{ x: at(spread(x)), xK: C * lanes, xC: lanes, scale: at(spread(scale)), scaleJ: C * lanes, scaleC: lanes },
      }));
      for (let i = 0; i < panel.length; i++) expect(panel[i]).toBe(flat[Math.floor(i / lanes)]);
    }
  });
});
