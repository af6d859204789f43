import { explain, type nn, numpy as np, random, valueAndGrad } from 'nabla';
import { describe, expect, test } from 'vitest';
import { burgers, loss, model, picture, points, residuals, wholeTraining } from '../../examples/burgers.js';
import { burgersExact, viscosity } from '../../examples/burgers-exact.js';
import { slow } from '../support/runs.js';

describe('the exact solution', () => {
  test('has the values of the literature', () => {
    // Basdevant et al. (1986): the slope at x = 0 is steepest, −152.00516, at πt = 1.6037.
    const t = 1.6037 / Math.PI;
    const h = 1e-4;
    const u = (k: number) => burgersExact(t, k * h);
    const slope = (8 * (u(1) - u(-1)) - (u(2) - u(-2))) / (12 * h);
    expect(slope).toBeCloseTo(-152.00516, 3);
  });

  test('satisfies the equation, odd in x and zero at the ends', () => {
    const h = 1e-3;
    for (const [t, x] of [
      [0.2, 0.3],
      [0.5, -0.6],
      [0.9, 0.1],
    ] as const) {
      const u = (i: number, j: number) => burgersExact(t + i * h, x + j * h);
      const first = (f: (k: number) => number) => (8 * (f(1) - f(-1)) - (f(2) - f(-2))) / (12 * h);
      const second = (16 * (u(0, 1) + u(0, -1)) - (u(0, 2) + u(0, -2)) - 30 * u(0, 0)) / (12 * h * h);
      const residual = first((k) => u(k, 0)) + u(0, 0) * first((k) => u(0, k)) - viscosity * second;
      expect(Math.abs(residual)).toBeLessThan(1e-5);
      expect(burgersExact(t, -x)).toBeCloseTo(-u(0, 0), 12);
    }
    expect(burgersExact(0.7, 1)).toBeCloseTo(0, 12);
    expect(burgersExact(1e-12, 0.5)).toBeCloseTo(-1, 5);
  });
});

test('the residual costs three passes forward and back and as many for the weights', () => {
  const data = points(random.PRNGKey(0));
  expect(Object.values(data).map((x) => x.shape)).toEqual([[2540, 2], [80, 2], [160, 2], [160]]);
  const params: nn.Params = model.init(random.PRNGKey(0), [0, 0]);
  const interior = (p: nn.Params, X: np.Array) => np.mean(np.square(residuals(p, X)));
  const { loops } = explain(valueAndGrad(interior))(params, data.interior);

  const [loop] = loops.filter(({ kind }) => kind === 'lanes');
  expect(loop).toMatchObject({ samples: 2540, passes: 6, weightGradientPasses: 3 });
  // Each term of the whole loss is one loop over its own points.
  const whole = explain(valueAndGrad(loss))(params, data).loops.filter(({ kind }) => kind === 'lanes');
  expect(whole.map(({ samples, passes }) => [samples, passes]).sort()).toEqual([
    [160, 2],
    [2540, 6],
    [80, 2],
  ]);
});

test('a short training comes nearer to the solution and is drawn', { timeout: 240_000 }, async () => {
  const solution = await burgers({ adamSteps: 40, rounds: 1, stepsPerRound: 15 });
  expect(solution.losses).toHaveLength(55);
  expect(solution.losses.at(-1)).toBeLessThan(0.5 * solution.losses[0]!);
  // The zero function has error 1.
  expect(solution.errors[1]).toBeLessThan(0.8);
  const svg = picture(solution);
  expect(svg).toMatch(/^<svg[\s\S]*<\/svg>\n$/);
  expect(svg.match(/<path/g)!.length).toBeGreaterThan(40);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
});

test.runIf(slow)('the whole training comes to within 1e-3 of the solution', { timeout: 900_000 }, async () => {
  const solution = await burgers(wholeTraining);
  expect(solution.errors.at(-1)).toBeLessThan(1e-3);
});
