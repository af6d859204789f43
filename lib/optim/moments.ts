import type { Array } from '../array/array.js';
import { zerosLike } from '../array/create.js';
import { add, div, mul, pow, square, sub } from '../numpy/elementwise.js';
import { inDTypeOf, mapArrays } from './transformation.js';

/** Zeros like the parameters. */
export const zerosTree = (params: unknown): never => mapArrays((x) => zerosLike(x), params) as never;

/** (1 − decay)·g + decay·m, the running mean of gradients. */
export const firstMoment = (g: unknown, m: unknown, decay: number): never =>
  mapArrays((x, t) => add(mul(1 - decay, x), mul(decay, t)), g, m) as never;

/** (1 − decay)·g² + decay·v, the running mean of squared gradients. */
export const secondMoment = (g: unknown, v: unknown, decay: number): never =>
  mapArrays((x, t) => add(mul(1 - decay, square(x)), mul(decay, t)), g, v) as never;

/** m/(1 − decayᵗ): a running mean that began at 0, freed of that beginning, after t = `count` steps. */
export const biasCorrection = (moment: unknown, decay: number, count: Array): never => {
  const weight = sub(1, pow(decay, count));
  return mapArrays((t) => inDTypeOf(t, div(t, weight)), moment) as never;
};
