import { describe, expect, it } from 'vitest';
import * as random from '../../lib/random/index.js';
import { thrown } from '../support/thrown.js';

const key = random.PRNGKey(1);

/** How many of the points fall into each of `slices` equal slices of [0, 1) along an axis. */
function counts(data: ArrayLike<number>, d: number, axis: number, n: number, slices: number): number[] {
  const result = new Array<number>(slices).fill(0);
  for (let i = 0; i < n; i++) result[Math.floor(data[i * d + axis]! * slices)]! += 1;
  return result;
}

describe('latinHypercube', () => {
  it('has one point in each slice of each axis', () => {
    const n = 500;
    const points = random.latinHypercube(key, [n, 3], { dtype: 'float64' });
    expect(points.shape).toEqual([n, 3]);
    for (let axis = 0; axis < 3; axis++) expect(counts(points.data, 3, axis, n, n)).toEqual(new Array(n).fill(1));
  });

  it('orders the axes independently', () => {
    const n = 2000;
    const { data } = random.latinHypercube(key, [n, 2], { dtype: 'float64' });
    let product = 0;
    for (let i = 0; i < n; i++) product += (data[2 * i]! - 0.5) * (data[2 * i + 1]! - 0.5);
    // Correlation of independent columns: standard deviation 1 / sqrt(n) = 0.022; variance of a column 1/12.
    expect(Math.abs((product / n) * 12)).toBeLessThan(0.11);
  });
});

describe('halton', () => {
  it('puts equally many of the first b^k points into each of b^k slices', () => {
    const n = 2 ** 5 * 3 ** 3 * 5;
    const points = random.halton(key, [n, 3], { dtype: 'float64' });
    for (const [axis, base, power] of [
      [0, 2, 5],
      [1, 3, 3],
      [2, 5, 1],
    ] as const) {
      const slices = base ** power;
      expect(counts(points.data, 3, axis, slices, slices)).toEqual(new Array(slices).fill(1));
      expect(counts(points.data, 3, axis, n, slices)).toEqual(new Array(slices).fill(n / slices));
    }
  });

  it('integrates better than independent points', () => {
    const n = 4096;
    const f = (data: ArrayLike<number>) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += data[3 * i]! * data[3 * i + 1]! * data[3 * i + 2]!;
      return sum / n;
    };
    const options = { dtype: 'float64' } as const;
    // The integral is 1/8. Independent points: standard deviation sqrt(1/27 - 1/64) / 64 = 0.0023.
    expect(Math.abs(f(random.halton(key, [n, 3], options).data) - 1 / 8)).toBeLessThan(0.0003);
  });

  it('differs by key and repeats with it', () => {
    const points = (seed: number) => random.halton(random.PRNGKey(seed), [10, 2]).toArray();
    expect(points(0)).toEqual(points(0));
    expect(points(0)).not.toEqual(points(1));
  });
});

describe.each(['latinHypercube', 'halton'] as const)('%s', (name) => {
  const { latinHypercube, halton } = random;
  const sample = { latinHypercube, halton }[name];

  it('fills a box', () => {
    const points = sample(key, [300, 2], { minval: [0, -1], maxval: [1, 3] });
    expect(points.dtype).toBe('float32');
    const rows = points.toArray() as number[][];
    expect(rows.every(([t, x]) => t! >= 0 && t! <= 1 && x! >= -1 && x! <= 3)).toBe(true);
    expect(Math.max(...rows.map(([, x]) => x!))).toBeGreaterThan(2.9);
  });

  it('can be empty', () => {
    expect(sample(key, [0, 2]).shape).toEqual([0, 2]);
    expect(sample(key, [3, 0]).shape).toEqual([3, 0]);
  });

  it('refuses other shapes, bounds and options', () => {
    expect(thrown(() => sample(key, [10])).code).toBe('ERR_NABLA_SHAPE');
    expect(thrown(() => sample(key, [10, 2], { minval: [0, 0, 0] })).code).toBe('ERR_NABLA_SHAPE');
    expect(thrown(() => sample(key, [10, 2], { minval: [0, 2] })).code).toBe('ERR_NABLA_ARGUMENT');
    expect(thrown(() => sample(key, [10, 2], { maxval: Infinity })).code).toBe('ERR_NABLA_ARGUMENT');
    expect(thrown(() => sample(key, [10, 2], { lower: 0 } as never)).code).toBe('ERR_NABLA_OPTION');
    expect(thrown(() => sample(3 as never, [10, 2])).code).toBe('ERR_NABLA_ARGUMENT');
  });
});
