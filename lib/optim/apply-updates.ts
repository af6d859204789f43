import { add, astypeTraced } from '../numpy/elementwise.js';
import { jit } from '../transform/jit.js';
import { mapArrays } from './transformation.js';

const sum = jit((params: unknown, updates: unknown) =>
  mapArrays(
    (p, u) => {
      const next = add(p, u);
      return next.dtype === p.dtype ? next : astypeTraced(next, p.dtype as 'float32');
    },
    params,
    updates,
  ),
);

/**
 * The parameters after a step: params + updates, each array in the dtype it had.
 * @throws ERR_NABLA_TREE if the trees differ
 */
export function applyUpdates<P>(params: P, updates: unknown): P {
  return sum(params as never, updates as never) as P;
}
