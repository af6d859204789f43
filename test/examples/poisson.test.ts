import { expect, test } from 'vitest';
import { picture, poisson } from '../../examples/poisson.js';

test('a short training of Poisson’s equation in a cube comes near the solution', { timeout: 240_000 }, async () => {
  const solution = await poisson({ samples: 256, adamSteps: 40, lbfgsSteps: 60 });
  expect(solution.losses.at(-1)).toBeLessThan(0.01 * solution.losses[0]!);
  expect(solution.error).toBeLessThan(0.1);
  expect(picture(solution)).not.toMatch(/NaN|undefined|Infinity/);
});
