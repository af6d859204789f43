import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  arange,
  array,
  eye,
  full,
  fullLike,
  linspace,
  meshgrid,
  ones,
  onesLike,
  zeros,
  zerosLike,
} from '../../lib/array/create.js';
import { thrown } from '../support/thrown.js';

describe('array', () => {
  test('takes every form and an optional dtype', () => {
    expect(array([[1, 2]]).toArray()).toEqual([[1, 2]]);
    expect(array(0.1, { dtype: 'float64' }).item()).toBe(0.1);
    const data = Float64Array.of(0.1);
    expect(array(data).data).toBe(data);
    expect(array(data, { dtype: 'float32' }).item()).toBe(Math.fround(0.1));
  });
});

describe('filled arrays', () => {
  test('shape, dtype and values', () => {
    expect(zeros([2, 3]).toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(ones(2, { dtype: 'float64' })).toMatchObject({ shape: [2], dtype: 'float64' });
    expect(full([2], 0.5).toArray()).toEqual([0.5, 0.5]);
    expect(full([], 3).item()).toBe(3);
    expect(full([1], true).dtype).toBe('bool');
    expect(Object.is(full([1], -0).item(), -0)).toBe(true);
    expect(full([0, 4], 7).toArray()).toEqual([]);
    expect(full([1], 2.5, { dtype: 'int32' }).item()).toBe(2);
  });

  test('like another array', () => {
    const like = array([[1, 2]], { dtype: 'float64' });
    for (const [made, value] of [
      [zerosLike(like), 0] as const,
      [onesLike(like), 1] as const,
      [fullLike(like, 5), 5] as const,
    ]) {
      expect(made).toMatchObject({ shape: [1, 2], dtype: 'float64' });
      expect(made.toArray()).toEqual([[value, value]]);
    }
    expect(zerosLike(like, { dtype: 'float32' }).dtype).toBe('float32');
    expect(onesLike([[1], [2]]).shape).toEqual([2, 1]);
  });

  test('bad shapes, sizes and options', () => {
    expect(thrown(() => zeros([2, -1])).code).toBe('ERR_NABLA_SHAPE');
    expect(thrown(() => full([1], 'x' as never)).code).toBe('ERR_NABLA_ARGUMENT');
    for (const shape of [[1e9, 1e9], [2 ** 33], [0, 2 ** 40, 2 ** 40], [2 ** 31, 2 ** 31, 2 ** 31]]) {
      expect(thrown(() => zeros(shape))).toMatchObject({
        code: 'ERR_NABLA_TOO_LARGE',
        details: { operation: 'zeros' },
      });
    }
    expect(thrown(() => ones([1], { dType: 'float64' } as never))).toMatchObject({
      code: 'ERR_NABLA_OPTION',
      details: { option: 'dType', suggestion: 'dtype', known: ['dtype'] },
    });
    expect(thrown(() => zeros([1], 'float64' as never)).code).toBe('ERR_NABLA_OPTION');
    expect(thrown(() => zeros([1], { dtype: 'double' as never })).code).toBe('ERR_NABLA_DTYPE');
  });
});

describe('eye', () => {
  test('square, rectangular and shifted', () => {
    expect(eye(2).toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(eye(2, 3, { k: 1 }).toArray()).toEqual([
      [0, 1, 0],
      [0, 0, 1],
    ]);
    expect(eye(3, { k: -2, dtype: 'float64' }).toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [1, 0, 0],
    ]);
    expect(eye(2, { k: 9 }).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(eye(0).shape).toEqual([0, 0]);
    expect(thrown(() => eye(2, { k: 0.5 })).code).toBe('ERR_NABLA_ARGUMENT');
    expect(thrown(() => eye(1.5)).code).toBe('ERR_NABLA_SHAPE');
  });
});

describe('arange', () => {
  test('as numpy', () => {
    expect(arange(3).toArray()).toEqual([0, 1, 2]);
    expect(arange(1, 4).toArray()).toEqual([1, 2, 3]);
    expect(arange(5, 0, -2).toArray()).toEqual([5, 3, 1]);
    expect(arange(0, 1, 0.25, { dtype: 'float64' }).toArray()).toEqual([0, 0.25, 0.5, 0.75]);
    expect(arange(3, { dtype: 'int32' })).toMatchObject({ shape: [3], dtype: 'int32' });
    expect(arange(3, 1).shape).toEqual([0]);
    expect(arange(3, undefined as never).toArray()).toEqual([0, 1, 2]);
  });

  test('refuses ranges without an end', () => {
    expect(thrown(() => arange(0, 1, 0)).code).toBe('ERR_NABLA_ARGUMENT');
    expect(thrown(() => arange(Number.POSITIVE_INFINITY)).code).toBe('ERR_NABLA_ARGUMENT');
    expect(thrown(() => arange('3' as never)).code).toBe('ERR_NABLA_ARGUMENT');
    expect(thrown(() => arange(0, 1e12)).code).toBe('ERR_NABLA_TOO_LARGE');
    expect(thrown(() => arange(0, 1, 1e-320)).code).toBe('ERR_NABLA_TOO_LARGE');
    expect(thrown(() => arange(0, 1, { step: 2 } as never)).code).toBe('ERR_NABLA_OPTION');
  });
});

describe('linspace', () => {
  test('as numpy', () => {
    expect(linspace(0, 1, 5).toArray()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(linspace(0, 1, 4, { endpoint: false }).toArray()).toEqual([0, 0.25, 0.5, 0.75]);
    expect(linspace(2, 3, 1).toArray()).toEqual([2]);
    expect(linspace(2, 3, 0).shape).toEqual([0]);
    expect(linspace(0, 1).size).toBe(50);
    expect(linspace(0, 1, { dtype: 'float64' })).toMatchObject({ shape: [50], dtype: 'float64' });
    expect(linspace(-1.5e308, 1.5e308, 3, { dtype: 'float64' }).toArray()).toEqual([-1.5e308, 0, 1.5e308]);
    expect(linspace(0, 5e-324, 3, { dtype: 'float64' }).toArray()).toEqual([0, 0, 5e-324]);
  });

  test('ends are exact and the sequence does not turn', () => {
    const bound = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e100, max: 1e100 });
    fc.assert(
      fc.property(bound, bound, fc.integer({ min: 2, max: 40 }), (start, stop, n) => {
        const x = [...linspace(start, stop, n, { dtype: 'float64' }).data];
        expect([x[0], x[n - 1]]).toEqual([start, stop]);
        const sign = Math.sign(stop - start);
        // The last step ends at stop itself, the one before at a rounded sum: its error is that of the step, times n
        // (half a unit of the span, and n halves of the smallest number), and that of the sum.
        const slack = 2 * Number.EPSILON * Math.max(Math.abs(start), Math.abs(stop)) + n * Number.MIN_VALUE;
        for (let i = 1; i < n; i++)
          expect(sign * ((x[i] as number) - (x[i - 1] as number))).toBeGreaterThanOrEqual(-slack);
      }),
    );
  });

  test('errors', () => {
    expect(thrown(() => linspace(0, 1, -1)).code).toBe('ERR_NABLA_SHAPE');
    expect(thrown(() => linspace(0, 1, 2.5)).code).toBe('ERR_NABLA_SHAPE');
    expect(thrown(() => linspace(0, Number.NaN, 2)).code).toBe('ERR_NABLA_ARGUMENT');
    expect(thrown(() => linspace(0, 1, 2, { num: 3 } as never)).code).toBe('ERR_NABLA_OPTION');
    expect(thrown(() => linspace(0, 1, 2, { endpoint: 'no' as never })).code).toBe('ERR_NABLA_OPTION');
  });
});

describe('meshgrid', () => {
  const x = [1, 2, 3];
  const y = [4, 5];

  test('Cartesian and matrix indexing', () => {
    expect(meshgrid(x, y).map((grid) => grid.toArray())).toEqual([
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
      [
        [4, 4, 4],
        [5, 5, 5],
      ],
    ]);
    const ij = [
      [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
      [
        [4, 5],
        [4, 5],
        [4, 5],
      ],
    ];
    expect(meshgrid(x, y, { indexing: 'ij' }).map((grid) => grid.toArray())).toEqual(ij);
    expect(meshgrid([x, y], { indexing: 'ij' }).map((grid) => grid.toArray())).toEqual(ij);
  });

  test('one, three and no vectors', () => {
    expect(meshgrid(x).map((grid) => grid.toArray())).toEqual([x]);
    expect(meshgrid(x, y, [6, 7, 8, 9]).map((grid) => grid.shape)).toEqual([
      [2, 3, 4],
      [2, 3, 4],
      [2, 3, 4],
    ]);
    const [, , z] = meshgrid(x, y, [6, 7], { indexing: 'ij' });
    expect(z?.toArray()).toEqual(Array.from(x, () => Array.from(y, () => [6, 7])));
    expect(meshgrid()).toEqual([]);
    expect(meshgrid(x, []).map((grid) => grid.shape)).toEqual([
      [0, 3],
      [0, 3],
    ]);
    expect(meshgrid(5, y).map((grid) => grid.toArray())).toEqual([
      [[5], [5]],
      [[4], [5]],
    ]);
  });

  test('keeps dtypes', () => {
    expect(meshgrid(Float64Array.of(1), y).map((grid) => grid.dtype)).toEqual(['float64', 'float32']);
  });

  test('errors', () => {
    expect(thrown(() => meshgrid([[1, 2]], y))).toMatchObject({ code: 'ERR_NABLA_SHAPE', details: { shape: [1, 2] } });
    expect(thrown(() => meshgrid(x, y, { indexing: 'yx' as never })).code).toBe('ERR_NABLA_OPTION');
    expect(thrown(() => meshgrid(x, y, { sparse: true } as never)).code).toBe('ERR_NABLA_OPTION');
    const long = zeros([1e5]);
    expect(thrown(() => meshgrid(long, long, long)).code).toBe('ERR_NABLA_TOO_LARGE');
  });
});
