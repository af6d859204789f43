import { checkOptions } from '../runtime/options.js';
import { chain } from './chain.js';
import { type ScalarOrSchedule, scaleByLearningRate } from './scale.js';
import { type AdamOptions, adamOptions, scaleByAdam } from './scale-by-adam.js';
import type { GradientTransformation } from './transformation.js';
import { addDecayedWeights, type Mask } from './weight-decay.js';

/** Adam (Kingma and Ba, 2015). */
export function adam(learningRate: ScalarOrSchedule, options: AdamOptions = {}): GradientTransformation {
  checkOptions(options, adamOptions, 'adam');
  return chain(scaleByAdam(options), scaleByLearningRate(learningRate));
}

export interface AdamWOptions extends AdamOptions {
  /** Decay of the parameters per step, in units of the learning rate: 1e-4 unless said otherwise. */
  weightDecay?: number;
  /** True for the parameters that decay; all without it. */
  mask?: Mask;
}

/** Adam with decoupled weight decay (Loshchilov and Hutter, 2019). `update` needs the parameters. */
export function adamw(learningRate: ScalarOrSchedule, options: AdamWOptions = {}): GradientTransformation {
  checkOptions(options, [...adamOptions, 'weightDecay', 'mask'], 'adamw');
  const { weightDecay = 1e-4, mask, ...adamPart } = options;
  return chain(scaleByAdam(adamPart), addDecayedWeights(weightDecay, mask), scaleByLearningRate(learningRate));
}
