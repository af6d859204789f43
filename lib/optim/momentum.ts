import { add, mul } from '../numpy/elementwise.js';
import { checkOptions } from '../runtime/options.js';
import { zerosTree } from './moments.js';
import { checkNumber, type GradientTransformation, mapArrays, traceable } from './transformation.js';

export interface TraceOptions {
  /** Look ahead: g + decay·t with the new t instead of t itself. */
  nesterov?: boolean;
}

/** The decaying sum of gradients t ← g + decay·t: momentum. State: `{ trace }`. */
export function trace(decay: number, options: TraceOptions = {}): GradientTransformation {
  checkOptions(options, ['nesterov'], 'trace');
  checkNumber(decay, 'trace: decay', Number.isFinite, 'a finite number');
  const step = (g: unknown, t: unknown) => mapArrays((x, y) => add(x, mul(decay, y)), g, t);
  return traceable(
    (params) => ({ trace: zerosTree(params) }),
    (updates, state) => {
      const sum = step(updates, (state as { trace: unknown }).trace);
      return [options.nesterov ? step(updates, sum) : sum, { trace: sum as never }];
    },
  );
}
