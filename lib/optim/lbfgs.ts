import { checkOptions } from '../runtime/options.js';
import { chain } from './chain.js';
import { type ScalarOrSchedule, scale, scaleByLearningRate } from './scale.js';
import { type LbfgsMemoryOptions, scaleByLbfgs } from './scale-by-lbfgs.js';
import type { GradientTransformation } from './transformation.js';
import { scaleByZoomLinesearch } from './zoom-linesearch.js';

export interface LbfgsOptions extends LbfgsMemoryOptions {
  /** A fixed factor, or schedule, before the line search; 1 without it. */
  learningRate?: ScalarOrSchedule;
  /** What finds the step length: a strong-Wolfe search that first tries 1, unless said otherwise; null for none. */
  linesearch?: GradientTransformation | null;
}

/**
 * L-BFGS (Liu and Nocedal, 1989). For functions without noise: every step must see the same data.
 *
 * ```ts
 * const f = jit(valueAndGrad(loss));
 * const optimizer = optim.lbfgs();
 * let state = optimizer.init(params);
 * for (let i = 0; i < 100; i++) {
 *   const [value, grad] = optim.valueAndGradFromState(f)(params, state);
 *   const [updates, next] = optimizer.update(grad, state, params, { value, grad, valueAndGrad: f });
 *   params = optim.applyUpdates(params, updates);
 *   state = next;
 * }
 * ```
 */
export function lbfgs(options: LbfgsOptions = {}): GradientTransformation {
  checkOptions(options, ['learningRate', 'memorySize', 'scaleInitPrecond', 'linesearch'], 'lbfgs');
  const { learningRate, memorySize, scaleInitPrecond } = options;
  const { linesearch = scaleByZoomLinesearch({ initialGuessStrategy: 'one' }) } = options;
  return chain(
    scaleByLbfgs({ memorySize, scaleInitPrecond }),
    learningRate === undefined ? scale(-1) : scaleByLearningRate(learningRate),
    ...(linesearch === null ? [] : [linesearch]),
  );
}
