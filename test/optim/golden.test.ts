import { jit, numpy as np, optim, tree, valueAndGrad } from 'nabla';
import { describe, expect, test } from 'vitest';
import { golden } from '../support/bits.js';

interface Plain {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Golden {
  readonly params: unknown;
  readonly gradients: readonly unknown[];
  readonly optimizers: Record<string, { steps: readonly { updates: unknown; state: unknown }[]; params: unknown }>;
  readonly schedules: Record<string, readonly number[]>;
  readonly start: unknown;
  readonly minimisations: Record<
    string,
    readonly { params: unknown; value: number; learningRate: number; evaluations: number }[]
  >;
}

const reference = golden<Golden>('optim.json');

const isPlain = (x: unknown): x is Plain => typeof x === 'object' && x !== null && 'shape' in x && 'data' in x;

/** The file's trees as arrays of a dtype. */
function arrays(x: unknown, dtype: 'float32' | 'float64' = 'float64'): unknown {
  if (isPlain(x)) return np.reshape(np.array(Float64Array.from(x.data), { dtype }), x.shape);
  if (Array.isArray(x)) return x.map((y) => arrays(y, dtype));
  if (x === null) return null;
  return Object.fromEntries(Object.entries(x as object).map(([k, v]) => [k, arrays(v, dtype)]));
}

/** Numbers of a tree in leaf order, and the leaves' shapes. */
function numbers(x: unknown): { values: number[]; shapes: unknown[] } {
  const leaves = tree.leaves<np.Array>(x);
  return { values: leaves.flatMap((leaf) => [...leaf.data]), shapes: leaves.map((leaf) => leaf.shape) };
}

/** Every number within `tolerance` of its own size: optimizers divide small numbers by small ones, so no common scale would do. */
function expectClose(actual: unknown, expected: unknown, tolerance: number, what: string): void {
  const [a, e] = [numbers(actual), numbers(expected)];
  expect(a.shapes, what).toEqual(e.shapes);
  a.values.forEach((x, i) => {
    const y = e.values[i]!;
    if (!(Math.abs(x - y) <= tolerance * Math.abs(y))) expect.fail(`${what}, number ${i}: ${x} instead of ${y}`);
  });
}

const mask = { params: { Dense_0: { bias: false, kernel: true }, scale: false } };
const optimizers: Record<string, () => optim.GradientTransformation> = {
  sgd: () => optim.sgd(0.1),
  'sgd momentum': () => optim.sgd(0.1, { momentum: 0.9 }),
  'sgd nesterov': () => optim.sgd(0.1, { momentum: 0.8, nesterov: true }),
  'sgd schedule': () => optim.sgd(optim.exponentialDecay(0.1, 2, 0.5)),
  adam: () => optim.adam(1e-3),
  'adam options': () =>
    optim.adam(optim.linearSchedule(1e-2, 1e-3, 4), { b1: 0.8, b2: 0.95, eps: 1e-6, epsRoot: 1e-10 }),
  'adam nesterov': () => optim.adam(1e-3, { nesterov: true }),
  adamw: () => optim.adamw(1e-3, { weightDecay: 0.02 }),
  'adamw mask': () => optim.adamw(1e-3, { mask }),
  rmsprop: () => optim.rmsprop(1e-2),
  'rmsprop options': () =>
    optim.rmsprop(1e-2, {
      ...{ decay: 0.8, eps: 1e-4, initialScale: 0.3, epsInSqrt: false, biasCorrection: true },
      ...{ momentum: 0.9, nesterov: true },
    }),
  'rmsprop centered': () => optim.rmsprop(1e-2, { centered: true, initialScale: 1e3 }),
  adagrad: () => optim.adagrad(0.1),
  clip: () => optim.chain(optim.clip(0.5), optim.sgd(1)),
  clipByGlobalNorm: () => optim.chain(optim.clipByGlobalNorm(20), optim.adam(1e-2)),
  scaleBySchedule: () =>
    optim.chain(
      optim.trace(0.5),
      optim.scaleBySchedule((n) => np.div(1, np.add(1, n))),
      optim.scale(-2),
    ),
};

test('every case of the file is tried', () => {
  expect(Object.keys(optimizers).sort()).toEqual(Object.keys(reference.optimizers).sort());
  expect(Object.keys(schedules).sort()).toEqual(Object.keys(reference.schedules).sort());
});

describe('optimizers take the steps of optax', () => {
  test.each(Object.entries(reference.optimizers))('%s', (name, { steps, params: end }) => {
    const optimizer = optimizers[name]!();
    let params = arrays(reference.params);
    let state = optimizer.init(params);
    steps.forEach((step, i) => {
      const [updates, next] = optimizer.update(arrays(reference.gradients[i]), state, params);
      expectClose(updates, arrays(step.updates), 1e-12, `updates of step ${i}`);
      expectClose(next, arrays(step.state), 1e-12, `state after step ${i}`);
      params = optim.applyUpdates(params, updates);
      state = next;
    });
    expectClose(params, arrays(end), 1e-12, 'params');
  });

  // Rounding errors of six steps: 2e-6 is 34 units of float32's 2^-24; a quotient of means that cancel loses a digit more.
  test.each(Object.entries(reference.optimizers))('%s in float32', (name, { steps }) => {
    const optimizer = optimizers[name]!();
    let params = arrays(reference.params, 'float32');
    let state = optimizer.init(params);
    steps.forEach((step, i) => {
      const [updates, next] = optimizer.update(arrays(reference.gradients[i], 'float32'), state, params);
      expect(tree.leaves<np.Array>([updates, next]).every((x) => x.dtype === 'float32')).toBe(true);
      expectClose(updates, arrays(step.updates, 'float32'), 2e-4, `updates of step ${i}`);
      params = optim.applyUpdates(params, updates);
      state = next;
    });
  });
});

const schedules: Record<string, optim.Schedule> = {
  constantSchedule: optim.constantSchedule(0.3),
  linearSchedule: optim.linearSchedule(1, 0.1, 7, { transitionBegin: 2 }),
  polynomialSchedule: optim.polynomialSchedule(1, 0.1, 2.5, 9, { transitionBegin: 1 }),
  exponentialDecay: optim.exponentialDecay(0.5, 4, 0.7),
  'exponentialDecay staircase': optim.exponentialDecay(0.5, 4, 0.7, {
    transitionBegin: 3,
    staircase: true,
    endValue: 0.2,
  }),
  'exponentialDecay growing': optim.exponentialDecay(0.5, 4, 1.3, { endValue: 1.1 }),
  cosineDecaySchedule: optim.cosineDecaySchedule(0.9, 10, { alpha: 0.1, exponent: 1.5 }),
  piecewiseConstantSchedule: optim.piecewiseConstantSchedule(2, { 8: 0.5, 3: 0.1 }),
  warmupConstantSchedule: optim.warmupConstantSchedule(0, 0.4, 5),
  warmupCosineDecaySchedule: optim.warmupCosineDecaySchedule(0, 1, 4, 12, { endValue: 0.05 }),
  warmupExponentialDecaySchedule: optim.warmupExponentialDecaySchedule(0.1, 1, 3, 5, 0.6),
  joinSchedules: optim.joinSchedules([optim.constantSchedule(1), optim.linearSchedule(1, 0, 4)], [5]),
};

describe('schedules have the values of optax', () => {
  test.each(Object.entries(reference.schedules))('%s', (name, values) => {
    values.forEach((expected, i) => {
      const value = schedules[name]!(np.array(i, { dtype: 'float64' }));
      expect(value.shape).toEqual([]);
      // Values near 0 are differences of numbers near 1.
      expect(Math.abs(value.item() - expected), `at ${i}`).toBeLessThanOrEqual(
        1e-12 * Math.max(Math.abs(expected), 1e-3),
      );
      expect(schedules[name]!(i).item()).toBeCloseTo(expected, 6);
    });
  });
});

type Point = { a: np.Array; b: np.Array };
const flat = ({ a, b }: Point) => np.concatenate([a, np.ravel(b)]);
const functions: Record<string, (p: Point) => np.Array> = {
  rosenbrock: (p) => {
    const x = flat(p);
    const [head, tail] = [x.at([0, -1]), x.at([1, null])];
    return np.sum(tail.sub(head.square()).square().mul(100).add(np.sub(1, head).square()));
  },
  logcosh: (p) => {
    const x = flat(p);
    const z = x.mul(np.arange(1, 7)).sub(2);
    return np.sum(z.add(z.mul(-2).exp().log1p())).add(np.sum(x.square()).mul(0.05));
  },
};
const minimisers: Record<string, () => optim.GradientTransformation> = {
  rosenbrock: () => optim.lbfgs(),
  'rosenbrock memory 3': () => optim.lbfgs({ memorySize: 3 }),
  'rosenbrock unscaled': () => optim.lbfgs({ scaleInitPrecond: false }),
  logcosh: () => optim.lbfgs(),
  'logcosh gradient descent': () =>
    optim.chain(optim.sgd(1), optim.scaleByZoomLinesearch({ maxLinesearchSteps: 15, curvRtol: 0.1 })),
};

// The iterates of two correct programs drift apart, since a step multiplies the rounding errors before it by the condition of the
// Hessian (2500 for Rosenbrock's function): to 1e-13 within 12 steps and 1e-10 within 30.
const drift = (step: number): number => (step < 12 ? 1e-12 : 1e-9);

describe('line searches take the steps of optax', () => {
  test.each(Object.entries(reference.minimisations))('%s', (name, steps) => {
    const compiled = jit(valueAndGrad(functions[name.split(' ')[0]!]!)) as (p: Point) => [np.Array, Point];
    let calls = 0;
    const f = (p: Point) => {
      calls++;
      return compiled(p);
    };
    const optimizer = minimisers[name]!();
    let params = arrays(reference.start) as Point;
    let state = optimizer.init(params);
    steps.forEach((step, i) => {
      calls = 0;
      const [value, grad] = optim.valueAndGradFromState(f)(params, state);
      const [updates, next] = optimizer.update(grad, state, params, { value, grad, valueAndGrad: f });
      params = optim.applyUpdates(params, updates);
      state = next;
      const search = (state as readonly optim.OptState[]).at(-1) as optim.LinesearchState;
      expect(search.info.numLinesearchSteps.item(), `evaluations of step ${i}`).toBe(step.evaluations);
      // The search's own and nothing beside: value and gradient to begin with are those where the last search ended.
      expect(calls, `calls in step ${i}`).toBe(step.evaluations + (i === 0 ? 1 : 0));
      const expected = numbers(arrays(step.params)).values;
      const scale = Math.max(...expected.map(Math.abs));
      numbers(params).values.forEach((x, j) => {
        expect(Math.abs(x - expected[j]!), `parameter ${j} after step ${i}`).toBeLessThanOrEqual(drift(i) * scale);
      });
      expect(Math.abs(search.value.item() / step.value - 1), `value after step ${i}`).toBeLessThanOrEqual(drift(i));
      expect(Math.abs(search.learningRate.item() / step.learningRate - 1)).toBeLessThanOrEqual(10 * drift(i));
      // What the next iteration takes from the state is what it would compute.
      expect(search.value.item()).toBe(compiled(params)[0].item());
    });
  });
});
