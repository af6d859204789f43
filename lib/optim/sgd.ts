import { chain, identity } from './chain.js';
import { trace } from './momentum.js';
import { type ScalarOrSchedule, scaleByLearningRate } from './scale.js';
import { checkNumericOptions, type GradientTransformation } from './transformation.js';

export interface SgdOptions {
  /** Decay of the sum of past gradients; plain gradient descent without it. */
  momentum?: number;
  /** Nesterov's momentum. */
  nesterov?: boolean;
}

/** Gradient descent, with momentum if asked for. */
export function sgd(learningRate: ScalarOrSchedule, options: SgdOptions = {}): GradientTransformation {
  checkNumericOptions(options, ['momentum', 'nesterov'], 'sgd');
  const { momentum, nesterov } = options;
  return chain(momentum === undefined ? identity() : trace(momentum, { nesterov }), scaleByLearningRate(learningRate));
}
