import { Array } from '../array/array.js';
import { isFloat } from '../array/dtype.js';
import { NablaError } from '../runtime/errors.js';
import { toArray } from '../trace/trace.js';
import { grad } from '../transform/grad.js';
import { flatten } from '../tree/tree.js';
import type { Loss } from './terms.js';

/** A step of the training: what the loss was computed from. */
export interface Situation<P, D> {
  readonly params: P;
  readonly data: D;
}

/** Where the first number of a tree is that is not finite. */
interface Place {
  readonly place: string;
  readonly value: number;
}

/**
 * The error for parameters a step has spoilt though its loss was finite, or undefined if they are all finite: for where
 * parameters are handed on and no next loss will tell.
 *
 * @param step steps made
 * @param before what the last of them began with, if it was made by this run
 */
export function spoiltParams<P, D>(
  loss: Loss<P, D>,
  step: number,
  params: P,
  before: Situation<P, D> | undefined,
): NablaError | undefined {
  const spoilt = firstIn(params, 'params');
  if (!spoilt) return undefined;
  const { cause, gradient } = causeOf(loss, step, before);
  const when = before ? `after step ${step - 1}` : 'now';
  return new NablaError('ERR_NABLA_NOT_FINITE', `fit: ${spoilt.place} is ${spoilt.value} ${when}: ${cause}`, {
    ...{ operation: 'fit', step, parameter: spoilt.place, gradient },
    params: (before ?? { params }).params,
  });
}

function causeOf<P, D>(
  loss: Loss<P, D>,
  step: number,
  before: Situation<P, D> | undefined,
): { cause: string; gradient?: string } {
  if (!before) return { cause: 'it was so to begin with' };
  const gradient = firstIn(gradientOf(loss, before), 'gradient');
  return gradient
    ? {
        cause: `the gradient of step ${step - 1} is not finite, first at ${gradient.place}, though its loss was`,
        gradient: gradient.place,
      }
    : { cause: 'the step before was too long; lower the learning rate, or clip gradients with optim.clipByGlobalNorm' };
}

/**
 * The error for a loss that is not finite. It looks for the cause: parameters that the step before had spoilt (then which
 * gradient did it), else the first term of the loss and in it the first sample that is not finite.
 *
 * @param before the step before, if there was one
 */
export function notFinite<P, D>(
  loss: Loss<P, D>,
  step: number,
  value: number,
  now: Situation<P, D>,
  before: Situation<P, D> | undefined,
): NablaError {
  // The parameters before are the last with a finite loss; without them nothing better is known than these.
  const facts = { operation: 'fit', step, loss: value, params: (before ?? now).params };
  const spoilt = firstIn(now.params, 'params');
  if (spoilt) {
    const { cause, gradient } = causeOf(loss, step, before);
    return new NablaError(
      'ERR_NABLA_NOT_FINITE',
      `fit: the loss is ${value} at step ${step}, because ${spoilt.place} is ${spoilt.value}: ${cause}`,
      { ...facts, parameter: spoilt.place, gradient },
    );
  }
  for (const [name, residual] of Object.entries(loss.residuals ?? {})) {
    const result = toArray(residual(now.params, now.data), name);
    const found = firstOf(result);
    if (!found) continue;
    const total = result.shape[0] ?? 1;
    const sample = found.index[0] ?? 0;
    const row = sampleOf(now.data, name, sample, total);
    return new NablaError(
      'ERR_NABLA_NOT_FINITE',
      `fit: the loss is ${value} at step ${step}: the term '${name}' is ${found.value}, first at sample ${sample} of ${total}${row}`,
      { ...facts, term: name, sample, index: found.index },
    );
  }
  const advice = loss.residuals
    ? 'its residuals are finite, so their squares or the sum overflow'
    : 'make it with train.meanSquares({ name: residual }) to be told which term and which sample';
  return new NablaError('ERR_NABLA_NOT_FINITE', `fit: the loss is ${value} at step ${step}; ${advice}`, facts);
}

interface Found {
  readonly index: readonly number[];
  readonly value: number;
}

function firstOf(x: Array): Found | undefined {
  if (!isFloat(x.dtype)) return undefined;
  const { data } = x;
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return undefined;
  const index: number[] = [];
  let rest = at;
  for (const n of x.shape.toReversed()) {
    index.unshift(rest % n);
    rest = Math.floor(rest / n);
  }
  return { index, value: data[at] as number };
}

function firstIn(tree: unknown, name: string): Place | undefined {
  const { leaves, structure } = flatten(tree);
  for (const [i, leaf] of leaves.entries()) {
    const found = firstOf(toArray(leaf, name));
    if (!found) continue;
    const index = found.index.length > 0 ? `[${found.index.join(', ')}]` : '';
    // Flax's parameters bring their own key `params`.
    const path = structure.paths(name)[i]!.replace(/^params\.params\b/, 'params');
    return { place: `${path}${index}`, value: found.value };
  }
  return undefined;
}

const gradientOf = <P, D>(loss: Loss<P, D>, { params, data }: Situation<P, D>): unknown =>
  (grad(loss) as (params: P, data: D) => unknown)(params, data);

/** The data of one sample, where the data have an entry named like the term, with one row a sample. */
function sampleOf(data: unknown, name: string, sample: number, total: number): string {
  const entry = (data as Record<string, unknown> | null | undefined)?.[name];
  if (!(entry instanceof Array) || entry.ndim === 0 || entry.shape[0] !== total) return '';
  const width = entry.size / total;
  const row = [...entry.data.subarray(sample * width, (sample + 1) * width)];
  return ` (data.${name}[${sample}] = ${entry.ndim === 1 ? row[0] : `[${row.join(', ')}]`})`;
}
