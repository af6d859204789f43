import { expect, test } from 'vitest';
import { picture, poisson } from '../../examples/poisson.js';
import { instrumented } from '../runtime/machine.js';

test('a short training of Poisson’s equation in a cube comes near the solution', { timeout: 240_000 }, async () => {
  const solution = await poisson({ samples: 256, adamSteps: 40, lbfgsSteps: 60 });
  expect(solution.losses.at(-1)).toBeLessThan(0.01 * solution.losses[0]!);
  expect(solution.error).toBeLessThan(0.1);
  expect(picture(solution)).not.toMatch(/NaN|undefined|Infinity/);
});

// An eighth of the points and half the steps of the example's own training. A sanitizer would take minutes over it.
test.skipIf(instrumented)('comes to within 1e-4 of the solution', { timeout: 240_000 }, async () => {
  const solution = await poisson({ samples: 512, adamSteps: 150, lbfgsSteps: 700 });
  expect(solution.error).toBeLessThan(1e-4);
});
