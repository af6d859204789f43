import { chain, identity } from './chain.js';
import { trace } from './momentum.js';
import { type ScalarOrSchedule, scaleByLearningRate } from './scale.js';
import { type RmsOptions, rmsOptions, scaleByRms, scaleByRss, scaleByStddev } from './scale-by-rms.js';
import { checkNumericOptions, type GradientTransformation } from './transformation.js';

export interface RmspropOptions extends RmsOptions {
  /** Divide by the standard deviation instead of the root mean square. */
  centered?: boolean;
  /** Decay of a momentum after the learning rate; none without it. */
  momentum?: number;
  /** Nesterov's momentum. */
  nesterov?: boolean;
}

/** RMSProp (Hinton; centered: Graves, 2013). */
export function rmsprop(learningRate: ScalarOrSchedule, options: RmspropOptions = {}): GradientTransformation {
  checkNumericOptions(options, [...rmsOptions, 'centered', 'momentum', 'nesterov'], 'rmsprop');
  const { centered = false, momentum, nesterov, ...rms } = options;
  return chain(
    centered ? scaleByStddev(rms) : scaleByRms(rms),
    scaleByLearningRate(learningRate),
    momentum === undefined ? identity() : trace(momentum, { nesterov }),
  );
}

/** Adagrad (Duchi et al., 2011). */
export function adagrad(
  learningRate: ScalarOrSchedule,
  options: { initialAccumulatorValue?: number; eps?: number } = {},
): GradientTransformation {
  return chain(scaleByRss(options), scaleByLearningRate(learningRate));
}
