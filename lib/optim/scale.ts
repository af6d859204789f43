import type { Array } from '../array/array.js';
import { zeros } from '../array/create.js';
import { add, mul } from '../numpy/elementwise.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import type { Schedule } from './schedules.js';
import {
  checkNumber,
  type GradientTransformation,
  inDTypeOf,
  mapArrays,
  parameterDType,
  stateless,
  traceable,
} from './transformation.js';

/** A learning rate: a number, or a function of the number of steps made. */
export type ScalarOrSchedule = number | Schedule;

/** Updates times a number. */
export function scale(stepSize: number): GradientTransformation {
  checkNumber(stepSize, 'scale: stepSize', Number.isFinite, 'a finite number');
  return stateless((updates) => mapArrays((u) => mul(stepSize, u), updates));
}

/** The state of whatever counts steps; counting in floating point is exact up to 2²⁴ steps in float32, 2⁵³ in float64. */
export const countState = (params: unknown, what: string): { count: Array } => ({
  // Integer arrays take no part in arithmetic, and a count of another dtype would make the whole step compute in it.
  count: zeros([], { dtype: parameterDType(params, what) }),
});

/** The next count. */
export const increment = (count: Array): Array => add(count, 1);

/** Updates times `schedule(count)`, count being 0 at the first step. */
export function scaleBySchedule(schedule: Schedule): GradientTransformation {
  return traceable(
    (params) => countState(params, 'scaleBySchedule'),
    (updates, state) => {
      const { count } = state as { count: Array };
      const step = schedule(count);
      return [mapArrays((u) => inDTypeOf(u, mul(step, u)), updates), { count: increment(count) }];
    },
  );
}

/**
 * Updates times −learningRate: the way down.
 * @throws ERR_NABLA_OPTION if it is neither a number nor a function
 */
export function scaleByLearningRate(learningRate: ScalarOrSchedule): GradientTransformation {
  if (typeof learningRate === 'function') return scaleBySchedule((count) => mul(-1, learningRate(count)));
  if (typeof learningRate === 'number' && Number.isFinite(learningRate)) return scale(-learningRate);
  throw new NablaError(
    'ERR_NABLA_OPTION',
    `learningRate: expected a finite number or a schedule but received ${describe(learningRate)}`,
    { option: 'learningRate', given: learningRate },
  );
}
