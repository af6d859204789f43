import { add, mul } from '../numpy/elementwise.js';
import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { toArray } from '../trace/trace.js';
import { flattenLike } from '../tree/match.js';
import { flatten, unflatten } from '../tree/tree.js';
import { checkNumber, type GradientTransformation, requireParams, stateless } from './transformation.js';

function isChosen(x: unknown): boolean {
  if (typeof x === 'boolean') return x;
  throw new NablaError(
    'ERR_NABLA_OPTION',
    `addDecayedWeights: expected a mask of booleans but received ${describe(x)}`,
    {
      operation: 'addDecayedWeights',
    },
  );
}

/** Which parameters an operation is for: a tree of booleans like the parameters, or a function that makes one. */
export type Mask = unknown | ((params: unknown) => unknown);

/**
 * Updates plus weightDecay·params: before the learning rate, the decoupled decay of AdamW (Loshchilov and Hutter, 2019).
 *
 * @param mask true for the parameters that decay; all without it. Usual is to leave biases out.
 * @throws ERR_NABLA_OPTION; when called, ERR_NABLA_ARGUMENT without parameters, ERR_NABLA_TREE for a mask of another structure
 */
export function addDecayedWeights(weightDecay = 0, mask?: Mask): GradientTransformation {
  checkNumber(weightDecay, 'addDecayedWeights: weightDecay', Number.isFinite, 'a finite number');
  return stateless((updates, params) => {
    requireParams(params, 'addDecayedWeights');
    const { leaves, structure } = flatten(updates);
    const weights = flattenLike(structure, params, { what: 'params', like: 'updates' });
    const tree = typeof mask === 'function' ? mask(params) : mask;
    const chosen = tree === undefined ? undefined : flattenLike(structure, tree, { what: 'mask', like: 'updates' });
    return unflatten(
      structure,
      leaves.map((g, i) => {
        const update = toArray(g, 'updates');
        if (weightDecay === 0 || (chosen && !isChosen(chosen[i]))) return update;
        return add(update, mul(weightDecay, toArray(weights[i], 'params')));
      }),
    );
  });
}
