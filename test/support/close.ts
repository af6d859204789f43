import { expect } from 'vitest';
import { Array } from '../../lib/array/array.js';
import { leaves } from '../../lib/tree/tree.js';

/** The numbers of a tree of arrays, nested lists and numbers, leaf by leaf. */
export function numbers(tree: unknown): number[][] {
  return leaves(tree).map(
    (leaf) => [leaf instanceof Array ? [...leaf.data] : leaf].flat(Number.POSITIVE_INFINITY) as number[],
  );
}

export const largest = (values: readonly number[]): number =>
  values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** max |actual − expected| / max(max |expected|, floor): NaN and infinities have to be in the same places. */
export function relativeError(actual: readonly number[], expected: readonly number[], floor = 0): number {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  const finite = expected.filter(Number.isFinite);
  expected.forEach((e, i) => {
    const a = actual[i]!;
    if (Object.is(a, e) || a === e) return;
    const error = Math.abs(a - e);
    worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  });
  return worst === 0 ? 0 : worst / Math.max(largest(finite), floor);
}

/**
 * Every leaf of `actual` agrees with the one of `expected`: the largest difference is at most `tolerance` of its largest
 * entry (of `floor`, where all entries are smaller).
 */
export function expectClose(actual: unknown, expected: unknown, tolerance: number, floor = 0): void {
  const [a, e] = [numbers(actual), numbers(expected)];
  expect(a.length).toBe(e.length);
  e.forEach((leaf, i) => {
    const error = relativeError(a[i]!, leaf, floor);
    if (error > tolerance) {
      const show = (list: readonly number[]) => `[${list.slice(0, 12).join(', ')}${list.length > 12 ? ', …' : ''}]`;
      expect.fail(
        `leaf ${i}: error ${error.toExponential(2)} exceeds ${tolerance}\n${show(a[i]!)}\nexpected\n${show(leaf)}`,
      );
    }
  });
}

/** The same numbers to the bit, NaN equal to NaN and 0 to −0. */
export function expectSame(actual: unknown, expected: unknown): void {
  const [a, e] = [actual, expected].map((tree) => numbers(tree).map((leaf) => leaf.map((x) => x + 0)));
  expect(a).toEqual(e);
}
