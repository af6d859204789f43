import type { Array } from '../array/array.js';
import { fullLike } from '../array/create.js';
import { add, div, greater, mul, reciprocal, sqrt, square, sub, where } from '../numpy/elementwise.js';
import { biasCorrection, firstMoment, secondMoment, zerosTree } from './moments.js';
import { countState, increment } from './scale.js';
import {
  checkNumericOptions,
  type GradientTransformation,
  mapArrays,
  type OptState,
  traceable,
} from './transformation.js';

export interface RmsOptions {
  /** Decay of the mean of squared gradients: 0.9 unless said otherwise. */
  decay?: number;
  /** Keeps the quotient finite: 1e-8 unless said otherwise. */
  eps?: number;
  /** What the mean of squared gradients begins with: 0 unless said otherwise. */
  initialScale?: number;
  /** Add `eps` inside the root (the default) or outside. */
  epsInSqrt?: boolean;
  /** Free the means of their beginning at 0, as Adam does. */
  biasCorrection?: boolean;
}

export const rmsOptions = ['decay', 'eps', 'initialScale', 'epsInSqrt', 'biasCorrection'];

type Means = { readonly count?: Array; readonly mu?: OptState; readonly nu: OptState };

function scaleByRoot(options: RmsOptions, centered: boolean, what: string): GradientTransformation {
  checkNumericOptions(options, rmsOptions, what);
  const { decay = 0.9, eps = 1e-8, initialScale = 0, epsInSqrt = true } = options;
  const factor = epsInSqrt
    ? (variance: Array) => reciprocal(sqrt(add(variance, eps)))
    : (variance: Array) => reciprocal(add(sqrt(variance), eps));
  return traceable(
    (params): Means => ({
      ...(options.biasCorrection ? countState(params, what) : {}),
      ...(centered ? { mu: zerosTree(params) } : {}),
      nu: mapArrays((x) => fullLike(x, initialScale), params) as OptState,
    }),
    (updates, state) => {
      const before = state as Means;
      const count = before.count && increment(before.count);
      const corrected = (moment: unknown): unknown => (count ? biasCorrection(moment, decay, count) : moment);
      const nu = secondMoment(updates, before.nu, decay);
      if (!centered) {
        return [mapArrays((g, n) => mul(factor(n), g), updates, corrected(nu)), { ...(count ? { count } : {}), nu }];
      }
      const mu: OptState = firstMoment(updates, before.mu, decay);
      const variance = (n: Array, m: Array): Array => sub(n, square(m));
      const scaled = mapArrays((g, n, m) => mul(factor(variance(n, m)), g), updates, corrected(nu), corrected(mu));
      return [scaled, { ...(count ? { count } : {}), mu, nu }];
    },
  );
}

/** Gradients divided by the root of their running mean square (Hinton). State: `{ nu }`, with `biasCorrection` `{ count, nu }`. */
export const scaleByRms = (options: RmsOptions = {}): GradientTransformation =>
  scaleByRoot(options, false, 'scaleByRms');

/** Gradients divided by their running standard deviation (Graves, 2013). State: that of scaleByRms and `mu`. */
export const scaleByStddev = (options: RmsOptions = {}): GradientTransformation =>
  scaleByRoot(options, true, 'scaleByStddev');

/** Gradients divided by the root of the sum of all squares so far (Duchi et al., 2011). State: `{ sumOfSquares }`. */
export function scaleByRss(options: { initialAccumulatorValue?: number; eps?: number } = {}): GradientTransformation {
  checkNumericOptions(options, ['initialAccumulatorValue', 'eps'], 'scaleByRss');
  const { initialAccumulatorValue = 0.1, eps = 1e-7 } = options;
  return traceable(
    (params) => ({ sumOfSquares: mapArrays((x) => fullLike(x, initialAccumulatorValue), params) as never }),
    (updates, state) => {
      const sum = mapArrays((g, t) => add(square(g), t), updates, (state as { sumOfSquares: unknown }).sumOfSquares);
      // No gradient so far: no step, even with eps = 0.
      const scaled = (g: Array, t: Array): Array =>
        where(greater(t, 0), div(g, sqrt(where(greater(t, 0), add(t, eps), 1))), 0);
      return [mapArrays(scaled, updates, sum), { sumOfSquares: sum as never }];
    },
  );
}
