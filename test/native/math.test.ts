import { describe, expect, test } from 'vitest';
import { addon, at, dtypes, type Float, floats, isas, runEverywhere } from './addon.js';

/** Largest errors in ulp: [operation, float32, float64], as the doc blocks of native/simd/math-inl.h state them. */
const stated: Record<string, [number, number, number]> = {
  exp: [7, 1.1, 1.1],
  expm1: [8, 1.6, 2.0],
  log: [9, 1.0, 1.0],
  log1p: [10, 1.0, 1.0],
  sin: [11, 1.6, 1.6],
  cos: [12, 1.6, 1.6],
  tanh: [13, 1.1, 1.4],
  sigmoid: [14, 2.0, 2.0],
  softplus: [15, 2.0, 2.0],
  erf: [16, 0.51, 1.3],
  erfc: [17, 0.51, 1.5],
  pow: [38, 0.51, 1.5],
  atan2: [47, 0.51, 1.5],
};
const slow = process.env.NABLA_SLOW_TESTS === '1';

// References come from the C library in a wider format. Every instruction set gives the same bits (elementwise.test.ts), so
// the fastest one is measured.
describe.each(dtypes)('errors of %s functions', (dtype) => {
  test.each(Object.entries(stated))(
    '%s',
    (_, [op, single, double]) => {
      const bound = dtype === 'float32' ? single : double;
      const isa = isas[0] as string;
      const everyPattern = slow && dtype === 'float32' && op < 32;
      // An odd stride walks through all exponents and both signs.
      const [stride, count] = everyPattern ? [1, 2 ** 32] : [8_191, slow ? 20_000_000 : 2 ** 32 / 8_191];
      const report = addon.ulpSweep(isa, dtype, op, 1, Math.floor(count), stride);
      expect(report.count).toBe(Math.floor(count));
      expect(report.maxUlp, `at ${report.worst.join(', ')}`).toBeLessThanOrEqual(bound);
    },
    slow ? 900_000 : 30_000,
  );
});

function evaluate(dtype: Float, op: number, x: number[], y: number[] = []): number[] {
  const [a, b] = [x, y].map((values) => {
    const data = floats(dtype, x.length);
    data.set(values);
    return { at: at(data), row: x.length };
  });
  return Array.from(
    runEverywhere(dtype, 'elementwise', floats(dtype, x.length), (result) => ({
      ...{ op, rows: 1, n: x.length, out: at(result), outRow: x.length, in: op < 32 ? [a] : [a, b] },
    })),
  );
}

describe.each(dtypes)('special values of %s functions', (dtype) => {
  const tiny = dtype === 'float32' ? 2 ** -149 : 2 ** -1074;
  const inputs = [0, -0, Infinity, -Infinity, Number.NaN, tiny, -tiny];
  const NaN_ = Number.NaN;
  const table: [string, number, number[]][] = [
    ['exp', 7, [1, 1, Infinity, 0, NaN_, 1, 1]],
    ['expm1', 8, [0, -0, Infinity, -1, NaN_, tiny, -tiny]],
    ['log', 9, [-Infinity, -Infinity, Infinity, NaN_, NaN_, Math.log(tiny), NaN_]],
    ['log1p', 10, [0, -0, Infinity, NaN_, NaN_, tiny, -tiny]],
    ['sin', 11, [0, -0, NaN_, NaN_, NaN_, tiny, -tiny]],
    ['cos', 12, [1, 1, NaN_, NaN_, NaN_, 1, 1]],
    ['tanh', 13, [0, -0, 1, -1, NaN_, tiny, -tiny]],
    ['sigmoid', 14, [0.5, 0.5, 1, 0, NaN_, 0.5, 0.5]],
    ['softplus', 15, [Math.LN2, Math.LN2, Infinity, 0, NaN_, Math.LN2, Math.LN2]],
    ['erf', 16, [0, -0, 1, -1, NaN_, tiny, -tiny]],
    ['erfc', 17, [1, 1, 0, 2, NaN_, 1, 1]],
  ];
  test.each(table)('%s', (_, op, expected) => {
    const rounded = floats(dtype, expected.length);
    rounded.set(expected);
    expect(evaluate(dtype, op, inputs)).toEqual(Array.from(rounded));
  });

  // Where its polynomials meet, each of which ends at a number of its own, and where it has reached 1: tanh' = 1 - tanh² must not
  // be negative.
  test('tanh on both sides of every cut', () => {
    const step = dtype === 'float32' ? 2 ** -23 : 2 ** -52;
    const cuts = [1 / 3, 0.625, 2 / 3, 4 / 3, 2, 10 / 3, 14 / 3, 22 / 3, 9.02, 20];
    const x = cuts.flatMap((cut) => Array.from({ length: 129 }, (_, i) => cut * (1 + (i - 64) * step)));
    const round = dtype === 'float32' ? Math.fround : (v: number) => v;
    const there = evaluate(dtype, 13, x);
    expect(
      evaluate(
        dtype,
        13,
        x.map((v) => -v),
      ),
    ).toEqual(there.map((y) => -y));
    there.forEach((y, i) => {
      expect(y, `tanh(${x[i]})`).toBeLessThanOrEqual(1);
      const exact = Math.tanh(round(x[i]!));
      // A unit in the last place below 1 is half a step; JavaScript's own tanh is good to one.
      const ulp = 2 ** Math.floor(Math.log2(Math.min(exact, 1 - step))) * step;
      expect(Math.abs(y - exact) / ulp, `tanh(${x[i]})`).toBeLessThanOrEqual(dtype === 'float32' ? 1.1 : 2.4);
    });
  });

  test('pow and atan2 over all pairs of special values', () => {
    const all = [0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, Infinity, -Infinity, NaN_];
    const x = all.flatMap((v) => all.map(() => v));
    const y = all.flatMap(() => all);
    const pow = evaluate(dtype, 38, x, y);
    const atan2 = evaluate(dtype, 47, x, y);
    for (let i = 0; i < x.length; i++) {
      const [a, b] = [x[i] as number, y[i] as number];
      // JavaScript differs from C (and numpy) where the base is 1 or -1.
      const one = a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b;
      if (one === 0 || !Number.isFinite(one)) expect(pow[i], `pow(${a}, ${b})`).toBe(one);
      else expect((pow[i] as number) / one, `pow(${a}, ${b})`).toBeCloseTo(1, 6);
      if (Number.isNaN(Math.atan2(a, b))) expect(atan2[i]).toBe(NaN_);
      else expect(atan2[i], `atan2(${a}, ${b})`).toBeCloseTo(Math.atan2(a, b), 6);
      expect(Object.is(atan2[i], -0), `atan2(${a}, ${b})`).toBe(Object.is(Math.atan2(a, b), -0));
    }
  });

  test('angles far out are reduced by every digit of pi', () => {
    const far = [1e5, -1e5, 2 ** 30, 1e22, -(2 ** 100), 3e38];
    const round = dtype === 'float32' ? Math.fround : (v: number) => v;
    const sines = evaluate(dtype, 11, far);
    const cosines = evaluate(dtype, 12, far);
    far.forEach((x, i) => {
      expect(sines[i]).toBeCloseTo(Math.sin(round(x)), 6);
      expect(cosines[i]).toBeCloseTo(Math.cos(round(x)), 6);
    });
    if (dtype === 'float64') {
      // The double closest to a multiple of pi/2 (Kahan): 6381956970095103 * 2^797.
      expect(evaluate(dtype, 12, [6381956970095103 * 2 ** 797])[0]).toBe(-4.687165924254628e-19);
    }
  });
});
