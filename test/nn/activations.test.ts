import { describe, expect, it } from 'vitest';
import { activationFunction } from '../../lib/nn/activations.js';
import * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import { grad } from '../../lib/transform/grad.js';
import { vmap } from '../../lib/transform/vmap.js';
import { golden } from '../support/bits.js';

interface Activations {
  points: number[];
  functions: Record<string, { value: number[]; first: number[]; second: number[] }>;
}

const { points, functions } = golden<Activations>('activations.json');

// A few operations, each good to about 2 units in the last place. Relative to |x| where that is larger: the gelus multiply x with
// a distribution function that cancels (1 + tanh) or whose argument is rounded (erfc), here as in JAX.
const scale = (x: number, value: number) => 16 * Math.max(Math.abs(value), Math.abs(x));

describe.each(Object.entries(functions))('%s', (name, expected) => {
  const activation = activationFunction(name, 'test');
  const one = { kernel: [[1]], bias: [0] };
  const params = { params: { Dense_0: one, Dense_1: one } };
  const model = new nn.MLP({ features: [1, 1], activation: name as nn.ActivationName });

  it('is jax.nn’s', () => {
    const values = activation(np.array(points, { dtype: 'float64' })).data;
    points.forEach((x, i) => {
      const value = expected.value[i]!;
      expect(Math.abs(values[i]! - value), `at ${x}`).toBeLessThanOrEqual(2 ** -53 * scale(x, value));
      expect(model.apply(params, Float64Array.of(x)).item()).toBe(values[i]! + 0); // -0 + the bias 0
    });
  });

  it('keeps float32', () => {
    const values = activation(np.array(points)).data;
    expect(values).toBeInstanceOf(Float32Array);
    points.forEach((x, i) => {
      const value = expected.value[i]!;
      expect(Math.abs(values[i]! - value), `at ${x}`).toBeLessThanOrEqual(2 ** -24 * scale(x, value));
    });
  });

  it.each(['first', 'second'] as const)('%s derivative', (order) => {
    const f = (x: np.Array) => activation(x);
    const derivative = order === 'first' ? vmap(grad(f)) : vmap(grad(grad(f)));
    const values = derivative(np.array(points, { dtype: 'float64' })).data;
    points.forEach((x, i) => {
      const value = expected[order][i]!;
      // The rules multiply and add a handful of terms of size up to 1 + x^2 that nearly cancel far out.
      expect(Math.abs(values[i]! - value), `at ${x}`).toBeLessThanOrEqual(32 * 2 ** -53 * (1 + x * x));
    });
  });
});
