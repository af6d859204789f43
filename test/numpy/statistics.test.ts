import { grad, numpy as np } from 'nabla';
import { expect, test } from 'vitest';
import { thrown } from '../support/thrown.js';

const x = np.array(
  [
    [1, 2, 4],
    [3, 8, 0],
  ],
  { dtype: 'float64' },
);

test('variance and standard deviation are numpy’s', () => {
  // numpy.var and numpy.std of the same matrix
  expect(np.var(x).item()).toBeCloseTo(20 / 3, 14);
  np.var(x, { axis: 1 }).data.forEach((v, i) => expect(v).toBeCloseTo([14 / 9, 98 / 9][i]!, 13));
  expect(np.var(x, { axis: 0, ddof: 1 }).toArray()).toEqual([2, 18, 8]);
  expect(np.std(x, { axis: -1, keepdims: true }).shape).toEqual([2, 1]);
  expect(np.std(x).item()).toBeCloseTo(Math.sqrt(20 / 3), 14);
  expect(thrown(() => np.std(x, { axes: 1 } as never)).code).toBe('ERR_NABLA_OPTION');
});

test('the norm and its derivative', () => {
  expect(np.norm([3, 4]).item()).toBe(5);
  expect(np.norm(x, { axis: 0 }).toArray()).toEqual([Math.sqrt(10), Math.sqrt(68), 4]);
  const slope = grad((v: np.Array) => np.norm(v))(np.array([3, 4], { dtype: 'float64' }));
  slope.data.forEach((v, i) => expect(v).toBeCloseTo([0.6, 0.8][i]!, 14));
});

test('hyperbolic sine and cosine keep their digits near 0 and far out', () => {
  for (const v of [0, 1e-12, -3e-5, 0.3, -2, 17, -300]) {
    const at = np.array(v, { dtype: 'float64' });
    expect(Math.abs(np.sinh(at).item() - Math.sinh(v))).toBeLessThanOrEqual(4e-16 * Math.abs(Math.sinh(v)));
    expect(Math.abs(np.cosh(at).item() - Math.cosh(v))).toBeLessThanOrEqual(4e-16 * Math.cosh(v));
    expect(grad(np.sinh)(at).item()).toBeCloseTo(Math.cosh(v), Math.abs(v) < 20 ? 6 : -120);
  }
});
