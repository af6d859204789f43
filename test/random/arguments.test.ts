import { describe, expect, it } from 'vitest';
import { ConcreteArray } from '../../lib/array/array.js';
import * as random from '../../lib/random/index.js';
import { thrown } from '../support/thrown.js';

const key = random.PRNGKey(0);

describe('keys', () => {
  it('are uint32 arrays of shape [2]', () => {
    expect(key).toBeInstanceOf(ConcreteArray);
    expect(key.dtype).toBe('uint32');
    expect(key.shape).toEqual([2]);
  });

  it('are taken in every form of an array', () => {
    const expected = random.bits(random.PRNGKey(42), 5).toArray();
    for (const form of [[0, 42], Uint32Array.of(0, 42), { data: Uint32Array.of(0, 42), shape: [2] }]) {
      expect(random.bits(form, 5).toArray()).toEqual(expected);
    }
  });

  it.each([[1.5], [Number.NaN], [2 ** 53], [2n ** 63n], [-(2n ** 63n) - 1n], ['0'], [undefined]])(
    'PRNGKey refuses the seed %s',
    (seed) => {
      const error = thrown(() => random.PRNGKey(seed as number));
      expect(error.code).toBe('ERR_NABLA_ARGUMENT');
      expect(error.message).toContain('-2^63');
    },
  );

  it('says how a large seed is written', () => {
    expect(thrown(() => random.PRNGKey(2 ** 60)).message).toContain('bigint');
  });

  it('a number in place of a key is answered with PRNGKey', () => {
    const error = thrown(() => random.normal(7 as never, [3]));
    expect(error.code).toBe('ERR_NABLA_ARGUMENT');
    expect(error.message).toContain('random.PRNGKey(7)');
  });

  it('several keys in place of one are answered with at', () => {
    const error = thrown(() => random.normal(random.split(key, 3), [3]));
    expect(error.code).toBe('ERR_NABLA_ARGUMENT');
    expect(error.message).toContain('at(0)');
    expect(error.message).toContain('[3, 2]');
  });

  it.each([
    [[1, 2, 3]],
    [[-1, 0]],
    [[0.5, 0]],
    [Float32Array.of(0, 1)],
    [null],
    [{ data: Uint32Array.of(0, 1), shape: [2, 1] }],
  ])('refuses %s', (notAKey) => {
    expect(thrown(() => random.bits(notAKey as never, [3])).code).toBe('ERR_NABLA_ARGUMENT');
  });

  it.each([[-1], [2 ** 32], [0.5], [Number.NaN]])('foldIn refuses %s', (data) => {
    expect(thrown(() => random.foldIn(key, data)).code).toBe('ERR_NABLA_ARGUMENT');
  });
});

describe('distributions', () => {
  it('give a scalar without a shape and a vector for a number', () => {
    expect(random.uniform(key).shape).toEqual([]);
    expect(random.normal(key, 4).shape).toEqual([4]);
    expect(random.truncatedNormal(key, -1, [1, 2, 3]).shape).toEqual([3]);
  });

  it('can be empty', () => {
    expect(random.normal(key, [0, 3]).shape).toEqual([0, 3]);
    expect(random.uniform(key, [0, 3], { minval: [1, 2, 3], maxval: 4 }).size).toBe(0);
    expect(random.truncatedNormal(key, -1, 1, [2, 0]).size).toBe(0);
    expect(random.split(key, 0).shape).toEqual([0, 2]);
  });

  it('each dtype is a stream of its own', () => {
    const single = random.uniform(key, 8);
    const double = random.uniform(key, 8, { dtype: 'float64' });
    expect(single.dtype).toBe('float32');
    expect(double.dtype).toBe('float64');
    expect([...single.data]).not.toEqual([...double.data].map(Math.fround));
  });

  it('float64 bounds given as numbers keep their digits', () => {
    const [value] = random.uniform(key, 1, { dtype: 'float64', minval: [0.1], maxval: [0.1] }).data;
    expect(value).toBe(0.1);
  });

  it('stay inside their bounds', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const box = random.uniform(key, [1000, 2], { dtype, minval: [-1, 10], maxval: [1, 11] }).data;
      const cut = random.truncatedNormal(key, 3, 3.001, 1000, { dtype }).data;
      for (let i = 0; i < 1000; i++) {
        expect(Math.abs(box[2 * i]!)).toBeLessThanOrEqual(1);
        expect(Math.abs(box[2 * i + 1]! - 10.5)).toBeLessThanOrEqual(0.5);
        expect(cut[i]).toBeGreaterThan(dtype === 'float32' ? Math.fround(3) : 3);
        expect(cut[i]).toBeLessThan(dtype === 'float32' ? Math.fround(3.001) : 3.001);
      }
    }
  });

  it('have the moments they should', () => {
    // Of n = 10^5 numbers the mean is off by 1 / sqrt(n) = 0.003, the variance by sqrt(2 / n) = 0.0045: five times that.
    for (const dtype of ['float32', 'float64'] as const) {
      const data = random.normal(random.PRNGKey(5), 100_000, { dtype }).data;
      let sum = 0;
      let squares = 0;
      for (const x of data) {
        sum += x;
        squares += x * x;
      }
      expect(Math.abs(sum / 1e5)).toBeLessThan(0.016);
      expect(Math.abs(squares / 1e5 - 1)).toBeLessThan(0.023);
    }
  });

  it.each([
    ['minval > maxval', () => random.uniform(key, 3, { minval: 2, maxval: 1 })],
    ['NaN', () => random.uniform(key, 3, { minval: Number.NaN })],
    ['infinite', () => random.uniform(key, 3, { maxval: Infinity })],
    ['range overflows float32', () => random.uniform(key, 3, { minval: -3e38, maxval: 3e38 })],
    ['lower = upper', () => random.truncatedNormal(key, 1, 1, 3)],
    ['equal once rounded to float32', () => random.truncatedNormal(key, 1, 1 + 1e-12, 3)],
    ['NaN', () => random.truncatedNormal(key, Number.NaN, 1, 3)],
    ['one pair of several', () => random.truncatedNormal(key, [0, 0], [1, -1], [3, 2])],
  ])('refuse bounds: %s', (_, f) => {
    expect(thrown(f).code).toBe('ERR_NABLA_ARGUMENT');
  });

  it('refuse bounds that do not broadcast to the shape', () => {
    const error = thrown(() => random.uniform(key, [4, 3], { minval: [0, 0] }));
    expect(error.code).toBe('ERR_NABLA_SHAPE');
    expect(error.message).toContain('[4, 3]');
    expect(thrown(() => random.uniform(key, [3], { minval: [[0], [1]] })).code).toBe('ERR_NABLA_SHAPE');
  });

  it('refuse dtypes, shapes and options there are not', () => {
    expect(thrown(() => random.normal(key, 3, { dtype: 'int32' as never })).code).toBe('ERR_NABLA_DTYPE');
    expect(thrown(() => random.normal(key, [2, -1])).code).toBe('ERR_NABLA_SHAPE');
    expect(thrown(() => random.uniform(key, 3, { min: 0 } as never)).code).toBe('ERR_NABLA_OPTION');
    expect(thrown(() => random.bits(key, 3, { bitWidth: 16 as never })).code).toBe('ERR_NABLA_OPTION');
    expect(thrown(() => random.bits(key, 3, { partitionable: 0 as never })).code).toBe('ERR_NABLA_OPTION');
    expect(thrown(() => random.normal(key, 'float64' as never)).code).toBe('ERR_NABLA_SHAPE');
  });

  it('refuse sizes no array has', () => {
    expect(thrown(() => random.normal(key, [2 ** 31, 4])).code).toBe('ERR_NABLA_TOO_LARGE');
    expect(thrown(() => random.split(key, 2 ** 40)).code).toBe('ERR_NABLA_TOO_LARGE');
  });
});

describe('integers', () => {
  it.each([
    ['no integers between', 3, 3],
    ['fraction', 0.5, 3],
    ['beyond int32', 0, 2 ** 31 + 1],
    ['below int32', -(2 ** 31) - 1, 0],
  ])('randint refuses %s', (_, minval, maxval) => {
    expect(thrown(() => random.randint(key, 3, minval, maxval)).code).toBe('ERR_NABLA_ARGUMENT');
  });

  it('a permutation has every element once', () => {
    const data = [...random.permutation(random.PRNGKey(3), 10_000).data];
    expect(data).not.toEqual(data.toSorted((a, b) => a - b));
    expect(new Set(data).size).toBe(10_000);
  });

  it('permutation refuses scalars and axes there are not', () => {
    expect(thrown(() => random.permutation(key, 2.5)).code).toBe('ERR_NABLA_ARGUMENT');
    expect(thrown(() => random.permutation(key, [[1, 2]], { axis: 2 })).code).toBe('ERR_NABLA_AXIS');
  });

  it('choice refuses to draw more than there is', () => {
    expect(thrown(() => random.choice(key, 0, [1])).code).toBe('ERR_NABLA_ARGUMENT');
    expect(thrown(() => random.choice(key, 3, [4], { replace: false })).code).toBe('ERR_NABLA_ARGUMENT');
    expect(random.choice(key, 0, [0]).shape).toEqual([0]);
  });
});
