import type { Array } from '../array/array.js';
import { add, mul, square } from '../numpy/elementwise.js';
import { mean } from '../numpy/linear.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';

/** What should be zero: one number a sample, [N], or any other shape. */
export type Residual<P, D> = (params: P, data: D) => Array;

/** A residual and its weight in the sum. */
export interface Term<P, D> {
  readonly residual: Residual<P, D>;
  /** 1 unless said otherwise. */
  readonly weight?: number;
}

/** A loss to be minimised over `params`. */
export interface Loss<P, D> {
  (params: P, data: D): Array;
  /** The terms it is made of, by name: with them a loss that stops being finite can be traced to a term and a sample. */
  readonly residuals?: Readonly<Record<string, Residual<P, D>>>;
}

/**
 * The loss Σ weight · mean(residual²) over named terms, each over points of its own.
 *
 * ```ts
 * const loss = train.meanSquares({
 *   interior: (params, data) => vmap(residual, [null, 0])(params, data.interior),
 *   boundary: { residual: (params, data) => vmap(u, [null, 0])(params, data.boundary), weight: 10 },
 * });
 * ```
 * @throws ERR_NABLA_ARGUMENT for a term that is neither a function nor { residual, weight }
 */
export function meanSquares<P, D>(
  terms: Readonly<Record<string, Residual<P, D> | Term<P, D>>>,
): Loss<P, D> & { readonly residuals: Readonly<Record<string, Residual<P, D>>> } {
  const list = Object.entries(terms).map(([name, term]) => {
    const { residual, weight = 1 } = typeof term === 'function' ? { residual: term } : term;
    if (typeof residual !== 'function' || !Number.isFinite(weight)) {
      throw new NablaError(
        'ERR_NABLA_ARGUMENT',
        `meanSquares: ${name}: expected a function or { residual, weight } but received ${describe(term)}`,
        { operation: 'meanSquares', term: name },
      );
    }
    return { name, residual, weight };
  });
  if (list.length === 0) {
    throw new NablaError('ERR_NABLA_ARGUMENT', 'meanSquares: expected at least one term', { operation: 'meanSquares' });
  }
  const loss = (params: P, data: D): Array =>
    list
      .map(({ residual, weight }) => mul(weight, mean(square(residual(params, data)))))
      .reduce((sum, part) => add(sum, part));
  const residuals = Object.fromEntries(list.map(({ name, residual }) => [name, residual]));
  return Object.assign(loss, { residuals });
}
