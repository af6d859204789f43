import type { Array } from '../array/array.js';
import { add, div, mul, sqrt } from '../numpy/elementwise.js';
import { biasCorrection, firstMoment, secondMoment, zerosTree } from './moments.js';
import { countState, increment } from './scale.js';
import { checkNumericOptions, type GradientTransformation, mapArrays, traceable } from './transformation.js';

export interface AdamOptions {
  /** Decay of the mean of gradients: 0.9 unless said otherwise. */
  b1?: number;
  /** Decay of the mean of squared gradients: 0.999 unless said otherwise. */
  b2?: number;
  /** Added outside the root: 1e-8 unless said otherwise. */
  eps?: number;
  /** Added inside the root, which makes the step differentiable at 0: 0 unless said otherwise. */
  epsRoot?: number;
  /** Nesterov momentum (Dozat, 2016). */
  nesterov?: boolean;
}

export const adamOptions = ['b1', 'b2', 'eps', 'epsRoot', 'nesterov'];

/** Adam's rescaling of gradients (Kingma and Ba, 2015). State: `{ count, mu, nu }`. */
export function scaleByAdam(options: AdamOptions = {}): GradientTransformation {
  checkNumericOptions(options, adamOptions, 'scaleByAdam');
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8, epsRoot = 0, nesterov = false } = options;
  return traceable(
    (params) => ({ ...countState(params, 'scaleByAdam'), mu: zerosTree(params), nu: zerosTree(params) }),
    (updates, state) => {
      const before = state as { count: Array; mu: unknown; nu: unknown };
      const count = increment(before.count);
      const mu = firstMoment(updates, before.mu, b1);
      const nu = secondMoment(updates, before.nu, b2);
      const mean = nesterov
        ? mapArrays(
            (m, g) => add(mul(b1, m), mul(1 - b1, g)),
            biasCorrection(mu, b1, increment(count)),
            biasCorrection(updates, b1, count),
          )
        : biasCorrection(mu, b1, count);
      const square = biasCorrection(nu, b2, count);
      const scaled = mapArrays((m, v) => div(m, add(sqrt(epsRoot === 0 ? v : add(v, epsRoot)), eps)), mean, square);
      return [scaled, { count, mu, nu }];
    },
  );
}
