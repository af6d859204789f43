import type { Array, ArrayLike } from '../array/array.js';
import {
  add,
  clip,
  cos,
  div,
  floor,
  less,
  lessEqual,
  maximum,
  minimum,
  mul,
  pow,
  sub,
  where,
} from '../numpy/elementwise.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { toArray } from '../trace/trace.js';
import { checkNumber, checkNumericOptions } from './transformation.js';

/** The value at a step, a scalar; `count` is the number of steps made before, and may be a value being traced. */
export type Schedule = (count: ArrayLike) => Array;

/* Names, arguments and values are optax's. */

const finite = (x: number, name: string): void => checkNumber(x, name, Number.isFinite, 'a finite number');
const steps = (x: number, name: string): void =>
  checkNumber(x, name, (n) => n > 0 && Number.isFinite(n), 'a positive number of steps');

/** Always `value`. */
export function constantSchedule(value: number): Schedule {
  finite(value, 'constantSchedule: value');
  return (count) => add(mul(0, count), value);
}

export interface TransitionOptions {
  /** Steps before the change begins: 0 unless said otherwise. */
  transitionBegin?: number;
}

/** From `initValue` to `endValue` in `transitionSteps`, as (1 − share)^power. */
export function polynomialSchedule(
  initValue: number,
  endValue: number,
  power: number,
  transitionSteps: number,
  options: TransitionOptions = {},
): Schedule {
  checkNumericOptions(options, ['transitionBegin'], 'polynomialSchedule');
  finite(initValue, 'polynomialSchedule: initValue');
  finite(endValue, 'polynomialSchedule: endValue');
  finite(power, 'polynomialSchedule: power');
  steps(transitionSteps, 'polynomialSchedule: transitionSteps');
  // As optax: none begins before the first step.
  const transitionBegin = Math.max(options.transitionBegin ?? 0, 0);
  return (count) => {
    const made = clip(sub(count, transitionBegin), 0, transitionSteps);
    const left = sub(1, div(made, transitionSteps));
    return add(mul(initValue - endValue, pow(left, power)), endValue);
  };
}

/** From `initValue` to `endValue` along a straight line. */
export const linearSchedule = (
  initValue: number,
  endValue: number,
  transitionSteps: number,
  options: TransitionOptions = {},
): Schedule => polynomialSchedule(initValue, endValue, 1, transitionSteps, options);

/** `initValue` times every factor whose step has been reached: `{ 1000: 0.1, 5000: 0.1 }`. */
export function piecewiseConstantSchedule(
  initValue: number,
  boundariesAndScales: Readonly<Record<number, number>> = {},
): Schedule {
  finite(initValue, 'piecewiseConstantSchedule: initValue');
  const pieces = Object.entries(boundariesAndScales)
    .map(([step, factor]) => [Number(step), factor] as const)
    .sort(([a], [b]) => a - b);
  for (const [step, factor] of pieces) {
    finite(step, 'piecewiseConstantSchedule: boundary');
    checkNumber(factor, `piecewiseConstantSchedule: factor at step ${step}`, (x) => x >= 0, 'a number ≥ 0');
  }
  return (count) => {
    const products = pieces.map(([, factor], i) => pieces.slice(0, i).reduce((p, [, f]) => p * f, initValue) * factor);
    return pieces.reduce(
      (value, [step], i) => where(less(count, step), value, products[i]!),
      add(mul(0, count), initValue),
    );
  };
}

export interface ExponentialDecayOptions extends TransitionOptions {
  /** Change at every full `transitionSteps` only. */
  staircase?: boolean;
  /** A bound the value does not pass. */
  endValue?: number;
}

/** initValue · decayRate^(count/transitionSteps). */
export function exponentialDecay(
  initValue: number,
  transitionSteps: number,
  decayRate: number,
  options: ExponentialDecayOptions = {},
): Schedule {
  checkNumericOptions(options, ['transitionBegin', 'staircase', 'endValue'], 'exponentialDecay');
  finite(initValue, 'exponentialDecay: initValue');
  steps(transitionSteps, 'exponentialDecay: transitionSteps');
  checkNumber(decayRate, 'exponentialDecay: decayRate', (x) => x > 0 && Number.isFinite(x), 'a positive number');
  const { staircase = false, endValue } = options;
  const transitionBegin = Math.max(options.transitionBegin ?? 0, 0);
  return (count) => {
    const made = sub(count, transitionBegin);
    const ratio = div(made, transitionSteps);
    const decayed = mul(initValue, pow(decayRate, staircase ? floor(ratio) : ratio));
    const value = where(lessEqual(made, 0), initValue, decayed);
    if (endValue === undefined) return value;
    return decayRate < 1 ? maximum(value, endValue) : minimum(value, endValue);
  };
}

export interface CosineOptions {
  /** Share of `initValue` that is left at the end: 0 unless said otherwise. */
  alpha?: number;
  /** Power of the cosine: 1 unless said otherwise. */
  exponent?: number;
}

/** Half a period of a cosine from `initValue` down to alpha·initValue (Loshchilov and Hutter, 2017). */
export function cosineDecaySchedule(initValue: number, decaySteps: number, options: CosineOptions = {}): Schedule {
  checkNumericOptions(options, ['alpha', 'exponent'], 'cosineDecaySchedule');
  finite(initValue, 'cosineDecaySchedule: initValue');
  steps(decaySteps, 'cosineDecaySchedule: decaySteps');
  const { alpha = 0, exponent = 1 } = options;
  return (count) => {
    const made = minimum(count, decaySteps);
    const share = mul(0.5, add(1, cos(div(mul(Math.PI, made), decaySteps))));
    return mul(initValue, add(mul(1 - alpha, pow(share, exponent)), alpha));
  };
}

/** Schedules one after another; each counts from the boundary at which it takes over. */
export function joinSchedules(schedules: readonly Schedule[], boundaries: readonly number[]): Schedule {
  if (schedules.length === 0 || boundaries.length !== schedules.length - 1) {
    throw new NablaError(
      'ERR_NABLA_ARGUMENT',
      `joinSchedules: expected one boundary less than schedules but received ${describe(schedules)} and ${describe(boundaries)}`,
      { operation: 'joinSchedules', schedules: schedules.length, boundaries: boundaries.length },
    );
  }
  return (count) =>
    boundaries.reduce(
      (value, boundary, i) => where(less(count, boundary), value, schedules[i + 1]!(sub(count, boundary))),
      schedules[0]!(toArray(count, 'schedule')),
    );
}

const rise = (initValue: number, peakValue: number, warmupSteps: number): Schedule =>
  warmupSteps === 0 ? constantSchedule(peakValue) : linearSchedule(initValue, peakValue, warmupSteps);

/** A linear rise from `initValue` to `peakValue`, which stays. */
export const warmupConstantSchedule = (initValue: number, peakValue: number, warmupSteps: number): Schedule =>
  rise(initValue, peakValue, warmupSteps);

export interface WarmupCosineOptions {
  /** Value at the end: 0 unless said otherwise. */
  endValue?: number;
  /** Power of the cosine: 1 unless said otherwise. */
  exponent?: number;
}

/** A linear rise to `peakValue`, then a cosine down to `endValue` at `decaySteps`, counted from the very beginning. */
export function warmupCosineDecaySchedule(
  initValue: number,
  peakValue: number,
  warmupSteps: number,
  decaySteps: number,
  options: WarmupCosineOptions = {},
): Schedule {
  checkNumericOptions(options, ['endValue', 'exponent'], 'warmupCosineDecaySchedule');
  const { endValue = 0, exponent = 1 } = options;
  const alpha = peakValue === 0 ? 0 : endValue / peakValue;
  return joinSchedules(
    [
      rise(initValue, peakValue, warmupSteps),
      cosineDecaySchedule(peakValue, decaySteps - warmupSteps, { alpha, exponent }),
    ],
    [warmupSteps],
  );
}

/** A linear rise to `peakValue`, then an exponential decay. */
export function warmupExponentialDecaySchedule(
  initValue: number,
  peakValue: number,
  warmupSteps: number,
  transitionSteps: number,
  decayRate: number,
  options: ExponentialDecayOptions = {},
): Schedule {
  return joinSchedules(
    [rise(initValue, peakValue, warmupSteps), exponentialDecay(peakValue, transitionSteps, decayRate, options)],
    [warmupSteps],
  );
}
