import { expect, test } from 'vitest';
import { quickstart } from '../../examples/quickstart.js';

test('agrees with JAX and Flax', () => {
  const { uX, uXX, errors, seconds } = quickstart(1000);
  expect(uX.shape).toEqual([32, 3]);
  expect(uXX.shape).toEqual([32, 3, 3]);
  for (const error of errors) expect(error).toBeLessThan(2e-5);
  expect(seconds).toBeGreaterThan(0);
});
