import { describe, expect, it } from 'vitest';
import type { DataArray } from '../../lib/runtime/program.js';
import type { Float } from './case-builder.js';
import { cases } from './cases.js';
import { interpretProgram } from './interpret-program.js';
import { isas, runOn } from './testing-addon.js';

const sizes = [0, 1, 15, 16, 17, 31, 33, 1000];
// The interpreter is slow.
const few: Record<string, number[]> = { longCalls: [0, 1, 17], farRows: [0, 1, 33] };
const sizesOf = (name: string) => few[name] ?? sizes;
const dtypes: Float[] = ['float32', 'float64'];

/**
 * Sums of N terms in precision eps differ from the oracle's by at most N * eps * sum |terms|; terms are of order 1 and chains
 * are short except over samples, where 16 (8) logical lanes share them. 4 N + 64 leaves room for the functions' few ulp.
 */
function tolerance(dtype: Float, N: number, expected: DataArray): number {
  const eps = dtype === 'float32' ? 2 ** -23 : 2 ** -52;
  let largest = 1;
  for (const value of expected) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  return (4 * Math.sqrt(N) + 64) * eps * largest;
}

function expectClose(actual: DataArray, expected: DataArray, bound: number, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    const e = expected[i]!;
    if (Object.is(a, e) || Math.abs(a - e) <= bound) continue;
    if (expected instanceof Int32Array && Math.abs(a - e) <= 1) continue; // a rounding before truncation
    expect.fail(`${what}[${i}]: expected ${e} but received ${a} (tolerance ${bound})`);
  }
}

/** Says where two arrays differ first, in the bits. */
function expectSameBits(actual: DataArray, expected: DataArray, what: string): void {
  const [a, e] = [actual, expected].map((x) => new Uint8Array(x.buffer, x.byteOffset, x.byteLength)) as [
    Uint8Array,
    Uint8Array,
  ];
  if (Buffer.compare(a, e) === 0) return;
  const i = Math.floor(a.findIndex((byte, at) => byte !== e[at]) / expected.BYTES_PER_ELEMENT);
  if (Number.isNaN(actual[i]) && Number.isNaN(expected[i])) return; // a NaN's sign and payload are not promised
  expect.fail(`${what}[${i}]: expected ${expected[i]} but received ${actual[i]}`);
}

describe.each(Object.entries(cases))('%s', (name, make) => {
  it.each(dtypes.flatMap((dtype) => sizesOf(name).map((N) => [dtype, N] as const)))('%s, N = %i', (dtype, N) => {
    const { words, inputs } = make(dtype, N);
    const expected = interpretProgram(words, inputs);
    const reference = runOn(isas[0]!, 1, words, inputs)!;
    reference.forEach((actual, i) => {
      expectClose(actual, expected[i]!, tolerance(dtype, N, expected[i]!), `output ${i}`);
    });
    for (const isa of isas) {
      for (const threads of isa === isas[0] ? [2, 3, 4] : [1, 2]) {
        const other = runOn(isa, threads, words, inputs)!;
        other.forEach((actual, i) => {
          expectSameBits(actual, reference[i]!, `${isa}, ${threads} threads, output ${i}`);
        });
      }
    }
  });
});
