import { checkOptions } from '../runtime/options.js';

/** When to end before the last step. */
export interface EarlyStop {
  /** A loss this low is low enough. */
  target?: number;
  /** Steps without improvement that are too many. */
  patience?: number;
  /** Share of the best loss by which another one must be lower to count as an improvement: 0 unless said otherwise. */
  minDelta?: number;
}

/** Why a training ended. */
export type StopReason = 'steps' | 'target' | 'patience' | 'stalled' | 'callback';

/** What early stopping remembers: part of a checkpoint. */
export interface Best {
  readonly loss: number;
  readonly step: number;
}

/** Judges the loss of each step. @throws ERR_NABLA_OPTION for options that do not exist */
export function earlyStopper(
  options: EarlyStop | undefined,
): (step: number, loss: number, best: Best) => StopReason | undefined {
  checkOptions(options, ['target', 'patience', 'minDelta'], 'fit: earlyStop');
  const { target = -Infinity, patience = Infinity } = options ?? {};
  return (step, loss, best) => {
    if (loss <= target) return 'target';
    return step - best.step >= patience ? 'patience' : undefined;
  };
}

/** The best loss so far, this one included. */
export function better(best: Best, step: number, loss: number, options: EarlyStop | undefined): Best {
  const bar = best.loss - (options?.minDelta ?? 0) * Math.abs(best.loss);
  return loss < (Number.isNaN(bar) ? Infinity : bar) ? { loss, step } : best;
}
