import { describe, expect, it } from 'vitest';
import * as random from '../../lib/random/index.js';
import { directions, sobolAxes } from '../../lib/random/sobol-directions.js';
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

describe('sobol', () => {
  it('has the direction numbers of Joe and Kuo', () => {
    expect(sobolAxes).toBe(32);
    // scipy.stats.qmc.Sobol(32, scramble=False, bits=32), version 1.17.1: points 1, 1000 and 12345, times 2^32.
    const expected: Record<number, readonly number[]> = {
      1: [
        2147483648, 2147483648, 2147483648, 2147483648, 2147483648, 2147483648, 2147483648, 2147483648, 2147483648,
        2147483648, 2147483648, 2147483648, 2147483648, 2147483648, 2147483648, 2147483648, 2147483648, 2147483648,
        2147483648, 2147483648, 2147483648, 2147483648, 2147483648, 2147483648, 2147483648, 2147483648, 2147483648,
        2147483648, 2147483648, 2147483648, 2147483648, 2147483648,
      ],
      1000: [
        943718400, 415236096, 2227175424, 2906652672, 1203765248, 3896508416, 197132288, 3862953984, 2151677952,
        297795584, 364904448, 1094713344, 692060160, 1648361472, 616562688, 1589641216, 3091202048, 1480589312,
        4257218560, 3116367872, 2243952640, 2361393152, 4081057792, 2319450112, 2503999488, 3896508416, 171966464,
        4206886912, 255852544, 1463812096, 633339904, 624951296,
      ],
      12345: [
        2752774144, 3493593088, 688652288, 2262564864, 3816030208, 252968960, 546570240, 486801408, 3443785728,
        1845231616, 319029248, 2571894784, 3998482432, 4045144064, 148111360, 2752249856, 268697600, 218890240,
        1371799552, 1475084288, 855900160, 348913664, 2607022080, 3705405440, 1895563264, 1270087680, 1572077568,
        2070151168, 376700928, 1737228288, 1232338944, 2843475968,
      ],
    };
    for (const [i, point] of Object.entries(expected)) {
      const gray = Number(i) ^ (Number(i) >>> 1);
      point.forEach((coordinate, axis) => {
        const value = directions(axis).reduce((sum, v, j) => ((gray >>> j) & 1 ? sum ^ v : sum), 0) >>> 0;
        expect(value, `axis ${axis} of point ${i}`).toBe(coordinate);
      });
    }
  });

  it('puts one of 2^k points into each of 2^k slices along every axis, wherever it begins', () => {
    const points = random.sobol(key, [1024, 32], { dtype: 'float64' }).data;
    for (let axis = 0; axis < 32; axis++) {
      expect(counts(points, 32, axis, 1024, 1024)).toEqual(new Array(1024).fill(1));
      for (const begin of [0, 64, 192]) {
        expect(counts(points.subarray(32 * begin), 32, axis, 64, 64)).toEqual(new Array(64).fill(1));
      }
    }
  });

  it('puts one into every box of volume 2^-k of the first two axes', () => {
    const points = random.sobol(key, [256, 2], { dtype: 'float64' }).data;
    for (let a = 0; a <= 8; a++) {
      const boxes = new Set<number>();
      for (let i = 0; i < 256; i++) {
        boxes.add(Math.floor(points[2 * i]! * 2 ** a) * 256 + Math.floor(points[2 * i + 1]! * 2 ** (8 - a)));
      }
      expect(boxes.size).toBe(256);
    }
  });

  it('integrates better than independent points', () => {
    const n = 4096;
    const { data } = random.sobol(key, [n, 3], { dtype: 'float64' });
    let sum = 0;
    for (let i = 0; i < n; i++) sum += data[3 * i]! * data[3 * i + 1]! * data[3 * i + 2]!;
    // Independent points: 0.0023; see halton.
    expect(Math.abs(sum / n - 1 / 8)).toBeLessThan(0.0001);
  });

  it('differs by key and repeats with it', () => {
    const points = (seed: number) => random.sobol(random.PRNGKey(seed), [10, 2]).toArray();
    expect(points(0)).toEqual(points(0));
    expect(points(0)).not.toEqual(points(1));
  });

  it('says how many axes it has', () => {
    const error = thrown(() => random.sobol(key, [4, 33]));
    expect(error.code).toBe('ERR_NABLA_SHAPE');
    expect(error.message).toContain('at most 32 axes');
  });
});

describe.each(['latinHypercube', 'halton', 'sobol'] as const)('%s', (name) => {
  const { latinHypercube, halton, sobol } = random;
  const sample = { latinHypercube, halton, sobol }[name];

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
