import { expect, test } from 'vitest';
import { viscosity } from '../../examples/burgers-exact.js';
import { inverse, picture } from '../../examples/inverse.js';
import { slow } from '../support/runs.js';

test('a short training moves the coefficient towards its value', { timeout: 240_000 }, async () => {
  const found = await inverse({ count: 150, noise: 0.01, adamSteps: 150, lbfgsSteps: 60 });
  expect(found.losses.at(-1)).toBeLessThan(0.1 * found.losses[0]!);
  expect(found.estimates).toHaveLength(210);
  // From ten times the value towards it.
  expect(found.viscosity).toBeLessThan(0.9 * found.estimates[0]!);
  expect(found.viscosity).toBeGreaterThan(viscosity);
  expect(picture(found)).not.toMatch(/NaN|undefined|Infinity/);
});

test.runIf(slow)('300 measurements with noise of 1 % tell the coefficient to 3 %', { timeout: 240_000 }, async () => {
  const found = await inverse({ count: 300, noise: 0.01, adamSteps: 200, lbfgsSteps: 1400 });
  expect(found.error).toBeLessThan(0.03);
});
