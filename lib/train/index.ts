/** Training: a loop with progress, early stop and checkpoints, losses made of residuals, trees as files. */
export type { CheckpointOptions } from './checkpoint.js';
export type { EarlyStop, StopReason } from './early-stop.js';
export { type FitOptions, type FitResult, fit, type StepReport } from './fit.js';
export type { ProgressStream } from './progress.js';
export { type Loss, meanSquares, type Residual, type Term } from './terms.js';
export { deserialize, load, save, serialize } from './tree-file.js';
