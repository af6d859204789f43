import type { Array } from '../array/array.js';
import * as np from '../numpy/index.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';

/** A function from an array to an array of the same shape, entry by entry; it is called with traced values. */
export type ActivationFunction = (x: Array) => Array;

/* Named as in jax.nn, and composed as there, so that derivatives agree where a formula leaves a choice (at 0, far out). */

/** x / (1 + exp(-x)), also called swish. */
export const silu: ActivationFunction = (x) => np.mul(x, np.sigmoid(x));

/** x Φ(x) with the normal distribution function itself, Φ(x) = erfc(-x / √2) / 2. */
export const geluErf: ActivationFunction = (x) => np.mul(np.mul(0.5, x), np.erfc(np.mul(-Math.SQRT1_2, x)));

/** x Φ(x) with Φ(x) ≈ (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2 (Hendrycks and Gimpel, 2016): JAX's default. */
export const geluTanh: ActivationFunction = (x) => {
  const inner = np.mul(Math.sqrt(2 / Math.PI), np.add(x, np.mul(0.044715, np.pow(x, 3))));
  return np.mul(x, np.mul(0.5, np.add(1, np.tanh(inner))));
};

/** x for x > 0, else exp(x) - 1. The exponential is kept from overflowing on the side that is not taken. */
export const elu: ActivationFunction = (x) => {
  const positive = np.greater(x, 0);
  return np.where(positive, x, np.expm1(np.where(positive, 0, x)));
};

export const identity: ActivationFunction = (x) => x;

const { tanh, sin, sigmoid, softplus, relu } = np;

export { relu, sigmoid, sin, softplus, tanh };

const byName = {
  tanh,
  sin,
  sigmoid,
  softplus,
  silu,
  geluErf,
  geluTanh,
  gelu: geluTanh,
  elu,
  relu,
  identity,
} as const satisfies Record<string, ActivationFunction>;

export type ActivationName = keyof typeof byName;

/** An activation by name (`'gelu'` is JAX's default, the tanh form) or as a function. */
export type Activation = ActivationName | ActivationFunction;

/**
 * The function an activation stands for.
 * @throws ERR_NABLA_OPTION naming the known ones
 */
export function activationFunction(activation: unknown, what: string): ActivationFunction {
  if (typeof activation === 'function') return activation as ActivationFunction;
  if (typeof activation === 'string' && Object.hasOwn(byName, activation)) return byName[activation as ActivationName];
  const known = Object.keys(byName);
  throw new NablaError(
    'ERR_NABLA_OPTION',
    `${what}: expected a function or one of ${known.map((name) => `'${name}'`).join(', ')} for activation but received ` +
      describe(activation),
    { operation: what, option: 'activation', given: activation, known },
  );
}
