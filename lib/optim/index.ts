/** Optimizers with optax's names, over pytrees: `init(params)`, `update(gradients, state, params)`, `applyUpdates(params, updates)`. */
export { type AdamWOptions, adam, adamw } from './adam.js';
export { applyUpdates } from './apply-updates.js';
export { chain, identity } from './chain.js';
export { clip, clipByGlobalNorm, globalNorm } from './clip.js';
export { type LbfgsOptions, lbfgs } from './lbfgs.js';
export { type TraceOptions, trace } from './momentum.js';
export { adagrad, type RmspropOptions, rmsprop } from './rmsprop.js';
export { type ScalarOrSchedule, scale, scaleByLearningRate, scaleBySchedule } from './scale.js';
export { type AdamOptions, scaleByAdam } from './scale-by-adam.js';
export { type LbfgsMemoryOptions, scaleByLbfgs } from './scale-by-lbfgs.js';
export { type RmsOptions, scaleByRms, scaleByRss, scaleByStddev } from './scale-by-rms.js';
export {
  type CosineOptions,
  constantSchedule,
  cosineDecaySchedule,
  type ExponentialDecayOptions,
  exponentialDecay,
  joinSchedules,
  linearSchedule,
  piecewiseConstantSchedule,
  polynomialSchedule,
  type Schedule,
  type TransitionOptions,
  type WarmupCosineOptions,
  warmupConstantSchedule,
  warmupCosineDecaySchedule,
  warmupExponentialDecaySchedule,
} from './schedules.js';
export { type SgdOptions, sgd } from './sgd.js';
export type {
  AsyncExtraArgs,
  ExtraArgs,
  GradientTransformation,
  OptState,
  ValueAndGradient,
} from './transformation.js';
export { addDecayedWeights, type Mask } from './weight-decay.js';
export type { ZoomOptions } from './zoom.js';
export {
  type LinesearchState,
  scaleByZoomLinesearch,
  valueAndGradFromState,
  type ZoomLinesearchOptions,
} from './zoom-linesearch.js';
