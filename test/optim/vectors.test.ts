import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { getNative, type Native } from '../../lib/runtime/native.js';

// Sums over many vectors at once, beside the plain ones and beside the code for any machine.

const folder = process.env.NABLA_BUILD || fileURLToPath(new URL('../../build/Release', import.meta.url));
const portable = createRequire(import.meta.url)(resolve(folder, 'nabla_testing.node')) as {
  vectorProductsPortably: Native['vectorProducts'];
  vectorCombinePortably: Native['vectorCombine'];
};
const native = getNative();
const machines: readonly Pick<Native, 'vectorProducts' | 'vectorCombine'>[] = [
  native,
  { vectorProducts: portable.vectorProductsPortably, vectorCombine: portable.vectorCombinePortably },
];

let seed = 1;
const random = (): number => {
  seed = (1664525 * seed + 1013904223) % 2 ** 32;
  return seed / 2 ** 31 - 1;
};
/** Not aligned to more than an element, with NaN around it that must not be read. */
function vector(n: number): Float64Array {
  const around = new Float64Array(n + 3).fill(Number.NaN);
  const inside = around.subarray(1, n + 1);
  for (let i = 0; i < n; i++) inside[i] = random();
  return inside;
}
const vectors = (m: number, n: number) => Array.from({ length: m }, () => vector(n));

const lengths = [0, 1, 7, 8, 9, 63, 1023, 1024, 1025, 2050];
const counts = [0, 1, 2, 3, 4, 5, 9];
const cases = counts.flatMap((m) => lengths.map((n) => ({ m, n })));

/** Σ aᵢbᵢ as promised: in eight lanes, stretch by stretch. */
function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let begin = 0; begin < a.length; begin += 1024) {
    const lanes = new Float64Array(8);
    for (let i = begin; i < Math.min(begin + 1024, a.length); i++) lanes[i % 8]! += a[i]! * b[i]!;
    for (const half of [4, 2, 1]) for (let l = 0; l < half; l++) lanes[l]! += lanes[l + half]!;
    sum += lanes[0]!;
  }
  return sum;
}

test.each(cases)('products of $m vectors of $n elements with one and with two', ({ m, n }) => {
  const [many, x, y] = [vectors(m, n), vector(n), vector(n)];
  for (const { vectorProducts } of machines) {
    const [one, onX, onY] = [0, 1, 2].map(() => new Float64Array(m).fill(7)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    vectorProducts(many, x, one, null, null);
    vectorProducts(many, x, onX, y, onY);
    expect(one).toEqual(Float64Array.from(many, (a) => product(a, x)));
    expect(onX).toEqual(one);
    expect(onY).toEqual(Float64Array.from(many, (a) => product(a, y)));
  }
});

test.each(cases)('combination of $m vectors of $n elements, and products with it', ({ m, n }) => {
  const [many, factors, x] = [vectors(m, n), vector(m), vector(n)];
  const [alone, together] = machines.map(({ vectorCombine }) => {
    const [result, onResult] = [x.slice(), new Float64Array(m).fill(7)];
    vectorCombine(many, factors, 0.75, result, onResult);
    expect(onResult).toEqual(Float64Array.from(many, (a) => product(a, result)));
    const again = x.slice();
    vectorCombine(many, factors, 0.75, again, null);
    expect(again).toEqual(result);
    return result;
  });
  expect(together).toEqual(alone);
  x.forEach((value, i) => {
    const exact = 0.75 * many.reduce((sum, a, k) => sum + factors[k]! * a[i]!, value);
    // m + 1 terms of at most 1, each rounded as often as there are terms.
    expect(Math.abs(alone![i]! - exact)).toBeLessThanOrEqual((m + 2) ** 2 * 2 ** -53);
  });
});

test('arguments that do not fit are refused', () => {
  const [x, on] = [new Float64Array(4), new Float64Array(2)];
  const many = [new Float64Array(4), new Float64Array(4)];
  const refused = (f: () => void) => expect(f).toThrow(expect.objectContaining({ code: 'ERR_NABLA_ARGUMENT' }));
  refused(() => native.vectorProducts('x' as never, x, on, null, null));
  refused(() => native.vectorProducts([x, new Float64Array(3)], x, on, null, null));
  refused(() => native.vectorProducts([x, new Float32Array(4) as never], x, on, null, null));
  refused(() => native.vectorProducts(many, [1, 2, 3, 4] as never, on, null, null));
  refused(() => native.vectorProducts(many, x, new Float64Array(1), null, null));
  refused(() => native.vectorProducts(many, x, on, new Float64Array(5), on));
  refused(() => native.vectorProducts(many, x, on, x, null));
  refused(() => native.vectorProducts(many, x, on, null, on));
  refused(() => native.vectorCombine(many, new Float64Array(3), 1, x, null));
  refused(() => native.vectorCombine(many, on, '1' as never, x, null));
  refused(() => native.vectorCombine(many, on, 1, x, new Float64Array(3)));
  refused(() => native.vectorCombine(many, on, 1, null as never, null));
});
