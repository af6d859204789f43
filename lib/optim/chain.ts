import { describe } from '../runtime/describe.js';
import { NablaError } from '../runtime/errors.js';
import { type GradientTransformation, type OptState, traceable } from './transformation.js';

/** Leaves updates as they are. */
export function identity(): GradientTransformation {
  return traceable(
    () => null,
    (updates, state) => [updates, state],
  );
}

/**
 * Transformations one after another, each working on the updates of the one before. The state is the list of their states. Runs
 * as one program if all of them can be compiled.
 * @throws ERR_NABLA_ARGUMENT for what is no transformation
 */
export function chain(...transformations: readonly GradientTransformation[]): GradientTransformation {
  transformations.forEach((t, i) => {
    if (typeof t?.init === 'function' && typeof t?.update === 'function') return;
    throw new NablaError(
      'ERR_NABLA_ARGUMENT',
      `chain: expected transformations { init, update } but argument ${i} is ${describe(t)}`,
      { operation: 'chain', index: i },
    );
  });
  const init = (params: unknown): OptState => transformations.map((t) => t.init(params));
  const statesOf = (state: OptState): readonly OptState[] => {
    if (Array.isArray(state) && state.length === transformations.length) return state;
    throw new NablaError(
      'ERR_NABLA_ARGUMENT',
      `chain: expected a state of ${transformations.length} entries, as init returns it, but received ${describe(state)}`,
      { operation: 'chain' },
    );
  };
  const update: GradientTransformation['update'] = (updates, state, params, extra) => {
    const before = statesOf(state);
    const states: OptState[] = [];
    let current = updates;
    transformations.forEach((t, i) => {
      [current, states[i]] = t.update(current, before[i] as OptState, params, extra);
    });
    return [current, states];
  };
  const updateAsync: GradientTransformation['updateAsync'] = async (updates, state, params, extra) => {
    const before = statesOf(state);
    const states: OptState[] = [];
    let current = updates;
    for (const [i, t] of transformations.entries()) {
      // Those without it have no use for the function.
      [current, states[i]] = t.updateAsync
        ? await t.updateAsync(current, before[i] as OptState, params, extra)
        : t.update(current, before[i] as OptState, params);
    }
    return [current, states];
  };
  if (transformations.some((t) => t.traceable === false)) {
    return { init, update, updateAsync, traceable: false };
  }
  return traceable(init, (updates, state, params) => update(updates, state, params));
}
